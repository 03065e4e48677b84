import type { FigureRecord } from '../../../reports/bench-format.ts';
import type { MeasuredFigure } from '../record.ts';

/** A figure that was read in one piece; of what the others of its subject have in common, `of`. */
export interface Sampled {
  /** The end of its id. */
  readonly what: string;
  readonly metric: string;
  readonly unit: string;
  readonly better: FigureRecord['better'];
  readonly value: number;
  /** null where it is left out. */
  readonly ceiling?: string;
}

export const sampled =
  (of: { readonly profile: string; readonly subject: string; readonly parameters: FigureRecord['parameters'] }) =>
  ({ what, metric, unit, better, value, ceiling }: Sampled): MeasuredFigure => ({
    id: `${of.profile}/${of.subject}/${what}`,
    metric,
    unit,
    better,
    parameters: of.parameters,
    ceiling: ceiling ?? null,
    sample: { value, readings: [], warmUpReadings: 0 },
  });

/** What costs: the less of it the better. */
export const octets = (what: string, value: number): Sampled => ({
  what,
  metric: what,
  unit: 'octets',
  better: 'less',
  value,
});

/** Time since `beganMs` of `performance.now()`. */
export const timeSince = (beganMs: number, metric: string): Sampled =>
  nanoseconds(metric, (performance.now() - beganMs) * 1e6);

export const nanoseconds = (metric: string, value: number): Sampled => ({
  what: metric.replaceAll(' ', '-'),
  metric,
  unit: 'ns',
  better: 'less',
  value,
});
