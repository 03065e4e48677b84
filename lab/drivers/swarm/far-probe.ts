import type { Probe, ProbeResult } from '../driver.ts';
import { parsePing, pingArguments } from '../netns/ping-probe.ts';
import { askSocket, type Echo, refusal, type SocketProbe, startEcho } from '../netns/socket-probe.ts';
import type { Toolbox } from './toolbox.ts';

type ToolsOf = (node: string) => Toolbox | null;

/** A probe of which an end is on another machine, where `toolsOf` leads; null: both are here. */
export function farProbe(probe: Probe, toolsOf: ToolsOf): Promise<ProbeResult> | null {
  const from = toolsOf(probe.from);
  if (probe.with === 'icmp') {
    if (from === null) return null;
    // What ping says also where it says it by its status.
    const script = `${pingArguments(probe).join(' ')} 2>&1 || true\n`;
    return from.shell(probe.from, script).then(parsePing);
  }
  const to = probe.toNode === null ? null : toolsOf(probe.toNode);
  return from === null && to === null ? null : farSocketProbe(probe, from, to);
}

async function farSocketProbe(probe: SocketProbe, from: Toolbox | null, to: Toolbox | null): Promise<ProbeResult> {
  let echo: Echo | null = null;
  try {
    echo = to === null ? startEcho(probe) : await startFarEcho(probe, to);
    const echoes = echo !== null;
    return from === null ? await askSocket(probe, echoes) : await from.errand({ kind: 'ask', probe, echoes }).answer;
  } catch (error) {
    return refusal(error);
  } finally {
    echo?.close();
  }
}

async function startFarEcho(probe: SocketProbe, to: Toolbox): Promise<Echo | null> {
  const errand = to.errand({ kind: 'echo', probe });
  const isOwn = await errand.answer;
  return isOwn ? { close: () => errand.end() } : null;
}
