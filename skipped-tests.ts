import type { Reporter, TestModule } from 'vitest/node';

/**
 * Names, after all else, the tests that this machine cannot run; their names say what they need. Under
 * IPSEC_LAB_REQUIRE_ALL=1 (CI, which installs all of it) such a skip is a failure, but for what needs a Docker daemon, Mininet,
 * libreswan, OpenVPN, WireGuard or Chromium where CI could not bring it (IPSEC_LAB_NO_DOCKER=1, IPSEC_LAB_NO_MININET=1,
 * IPSEC_LAB_NO_LIBRESWAN=1, IPSEC_LAB_NO_OPENVPN=1, IPSEC_LAB_NO_WIREGUARD=1, IPSEC_LAB_NO_CHROMIUM=1).
 */
export default class SkippedTests implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    // The second run of a file, inside of namespaces, skips what the first one has run.
    if (process.env['IPSEC_LAB_TEST_INSIDE'] === '1') return;
    const skipped = modules.flatMap(module =>
      [...module.children.allTests('skipped')].map(test => test.fullName).filter(name => name.includes('(needs ')),
    );
    if (skipped.length === 0) return;
    process.stdout.write(`\nnot run on this machine:\n${skipped.map(name => `  ${name}\n`).join('')}`);
    if (process.env['IPSEC_LAB_REQUIRE_ALL'] !== '1') return;
    if (skipped.every(isExcused)) return;
    process.stdout.write('IPSEC_LAB_REQUIRE_ALL=1: each of them counts as a failure\n');
    process.exitCode = 1;
  }
}

const isExcused = (name: string): boolean =>
  (process.env['IPSEC_LAB_NO_DOCKER'] === '1' && name.includes('a Docker daemon')) ||
  (process.env['IPSEC_LAB_NO_MININET'] === '1' && name.includes('Mininet:')) ||
  (process.env['IPSEC_LAB_NO_LIBRESWAN'] === '1' && name.includes('libreswan:')) ||
  (process.env['IPSEC_LAB_NO_OPENVPN'] === '1' && name.includes('OpenVPN:')) ||
  (process.env['IPSEC_LAB_NO_WIREGUARD'] === '1' && name.includes('WireGuard:')) ||
  (process.env['IPSEC_LAB_NO_CHROMIUM'] === '1' && name.includes('Chromium:'));
