import { calendarText } from '../../engine/config/calendar.ts';

/** `Nov 22 12:30`, UTC. `seconds`: since the Unix epoch. */
export const dateText = (seconds: number): string => calendarText(Math.max(0, seconds)).slice(0, 12);

/** `12:30:05`, UTC. */
export const clockText = (seconds: number): string => calendarText(Math.max(0, seconds)).slice(7, 15);

/** `Nov_22`: what svcs shows of things that are older than a day. */
export const dayText = (seconds: number): string => calendarText(Math.max(0, seconds)).slice(0, 6).replace(' ', '_');
