/** Places in a cine, as the server writes them (frame → slices, from 1) and as plane numbers (from 0, frame by frame). */

import type { Submission } from './answers';

export type Places = Submission['reviewed'];

export interface Grid {
  frames: number;
  slices: number;
}

export function placesOf(planes: Iterable<number>, { frames, slices }: Grid): Places {
  const chosen = new Set(planes);
  const places: Places = {};
  for (let frame = 0; frame < frames; frame++) {
    const named = range(slices).filter(slice => chosen.has(frame * slices + slice));
    if (named.length) places[frame + 1] = named.length === slices ? 'all' : named.map(slice => slice + 1);
  }
  return places;
}

export function planesOf(places: Places, { slices }: Grid): Set<number> {
  const planes = new Set<number>();
  for (const [frame, named] of Object.entries(places)) {
    const first = (Number(frame) - 1) * slices;
    for (const slice of named === 'all' ? range(slices) : named.map(n => n - 1)) planes.add(first + slice);
  }
  return planes;
}

export interface Position {
  frame: number;
  slice: number;
}

/** What one act can mark as reviewed: the slice on the screen, all slices of its frame, ED and ES, everything. */
export type Mark = 'slice' | 'frame' | 'phases' | 'all';

export function planesFor(
  mark: Mark,
  at: Position,
  { frames, slices }: Grid,
  phases: { ed: number; es: number } | null,
): number[] {
  const whole = (frame: number) => range(slices).map(slice => frame * slices + slice);
  if (mark === 'slice') return [at.frame * slices + at.slice];
  if (mark === 'frame') return whole(at.frame);
  if (mark === 'all') return range(frames * slices);
  return phases ? [...whole(phases.ed), ...whole(phases.es)] : [];
}

export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
