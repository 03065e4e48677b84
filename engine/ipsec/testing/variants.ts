/** For tests: one way in which an SA can carry packets. */
export interface Variant {
  readonly mode: 'tunnel' | 'transport';
  readonly inner: 4 | 6;
  readonly outer: 4 | 6;
  readonly esn: boolean;
}

/** Mode, inner and outer family, ESN: all there are. */
export const VARIANTS: readonly Variant[] = [false, true].flatMap(esn => [
  ...([4, 6] as const).flatMap(inner =>
    ([4, 6] as const).map(outer => ({ mode: 'tunnel', inner, outer, esn }) as const),
  ),
  ...([4, 6] as const).map(outer => ({ mode: 'transport', inner: outer, outer, esn }) as const),
]);
