/** The machine's clock, in nanoseconds since the Unix epoch; finer than Date's milliseconds. */
export function liveNow(): bigint {
  const microseconds = (performance.timeOrigin + performance.now()) * 1000;
  return BigInt(Math.round(microseconds)) * 1000n;
}
