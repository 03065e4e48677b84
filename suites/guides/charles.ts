import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate authority that works with OpenSSL, which we did not write. */
export interface Charles {
  /** His own, PEM. */
  readonly certificate: string;
  /** A request, PEM, becomes a certificate, PEM. `until`: the last day, YYYYMMDD, or the moment, YYYYMMDDHHMMSSZ. */
  issue(request: string, until?: string): string;
  close(): void;
}

/** Simulated labs live at the beginning of 2026, live ones now. */
const SINCE = '20250101000000Z';
const UNTIL = '20450101';

const CONFIG = `[ca]
default_ca = charles
[charles]
database = index.txt
new_certs_dir = .
certificate = ca.crt
private_key = ca.key
default_md = sha256
rand_serial = yes
unique_subject = no
preserve = yes
policy = anything
[anything]
countryName = optional
organizationName = optional
organizationalUnitName = optional
commonName = supplied
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
[machine]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
`;

const dates = (until: string): readonly string[] => {
  const end = until.length === UNTIL.length ? `${until}000000Z` : until;
  return ['-startdate', SINCE, '-enddate', end];
};

/** `subject` as OpenSSL writes names: `/C=US/CN=Charles`. */
export function openCharles(subject: string): Charles {
  const folder = mkdtempSync(join(tmpdir(), 'charles-'));
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const sign = (section: string, until: string, ...more: readonly string[]) =>
    openssl('ca', '-batch', '-notext', '-config', 'ca.conf', '-extensions', section, ...dates(until), ...more);
  writeFileSync(join(folder, 'ca.conf'), CONFIG);
  writeFileSync(join(folder, 'index.txt'), '');
  const own = ['-subj', subject, '-keyout', 'ca.key', '-out', 'ca.csr'];
  openssl('req', '-new', '-newkey', 'rsa:2048', '-nodes', '-config', 'ca.conf', ...own);
  sign('authority', UNTIL, '-selfsign', '-in', 'ca.csr', '-out', 'ca.crt');
  return {
    certificate: readFileSync(join(folder, 'ca.crt'), 'utf8'),
    issue: (request, until = UNTIL) => {
      writeFileSync(join(folder, 'request.pem'), request);
      sign('machine', until, '-in', 'request.pem', '-out', 'issued.pem');
      return readFileSync(join(folder, 'issued.pem'), 'utf8');
    },
    close: () => rmSync(folder, { recursive: true }),
  };
}
