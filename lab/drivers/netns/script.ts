/** One line of a script that sets a network sysctl of the namespace that it runs in, where the kernel has it. */
export function setting(path: string, value: boolean): string {
  const file = `/proc/sys/net/${path}`;
  return `if [ -e ${file} ]; then echo ${value ? 1 : 0} >${file}; fi`;
}

/** A script for `sh`: settings, then commands of `ip`, all in one process. The first that fails ends it. */
export function script(settings: readonly string[], commands: readonly string[]): string {
  return ['set -e', ...settings, "ip -batch - <<'END'", ...commands, 'END', ''].join('\n');
}
