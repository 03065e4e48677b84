import type { IkeConfig } from '../../engine/ike/config.ts';
import { type Certificate, parseCertificate } from '../../engine/pki/certificate.ts';
import { formatDistinguishedName } from '../../engine/pki/name-text.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;

/** How long before its end a certificate is spoken of, in seconds, unless that is more than half of its life; 0: it has ended. */
const NOTICES = [30 * DAY, 7 * DAY, DAY, HOUR, 0] as const;

/** How often to look. */
export const LOOK_SECONDS = 600;

/**
 * Certificates that are about to end, those of a node's own and those that it trusts: said before a peer is refused for it. What has
 * been said is not said again.
 */
export class ExpiryWatch {
  readonly #said = new Set<string>();

  /** What is due to be said now, a line each. `unixSeconds`: by the node's clock. */
  look(node: string, { credentials }: IkeConfig, unixSeconds: number): string[] {
    const own = credentials.keys.flatMap(({ chain }) => chain);
    const trusted = [...credentials.anchors.map(({ certificate }) => certificate), ...credentials.peers];
    const lines: string[] = [];
    for (const [text, whose] of [
      ...own.map(each => [each, 'its own'] as const),
      ...trusted.map(each => [each, 'which it trusts'] as const),
    ]) {
      const certificate = parseCertificate(new Uint8Array(Buffer.from(text, 'hex')));
      const notice = certificate === null ? null : noticeFor(certificate, unixSeconds);
      if (certificate === null || notice === null) continue;
      const key = `${node} ${notice} ${text}`;
      if (this.#said.has(key)) continue;
      this.#said.add(key);
      lines.push(lineOf(certificate, whose, unixSeconds));
    }
    return [...new Set(lines)];
  }
}

/** The last of the notices that are due; null: none is. */
function noticeFor({ notBefore, notAfter }: Certificate, now: number): number | null {
  const due = NOTICES.filter(notice => notice === 0 || notice <= (notAfter - notBefore) / 2);
  return due.findLast(notice => now > notAfter - notice) ?? null;
}

function lineOf({ subject, notAfter }: Certificate, whose: string, now: number): string {
  const name = formatDistinguishedName(subject) ?? 'a name that cannot be shown';
  const day = new Date(notAfter * 1000).toISOString().slice(0, 10);
  if (now > notAfter)
    return `the certificate of ${name}, ${whose}, has ended on ${day}: peers are refused until there is another`;
  return `the certificate of ${name}, ${whose}, ends on ${day}, in ${spanText(notAfter - now)}: have another one by then`;
}

function spanText(seconds: number): string {
  if (seconds < 2 * HOUR) return `${Math.floor(seconds / 60)} minutes`;
  return seconds < 2 * DAY ? `${Math.floor(seconds / HOUR)} hours` : `${Math.floor(seconds / DAY)} days`;
}
