/** The only figures that the panel makes by itself: counts of voxels, and what follows from them while a person draws. */

import type { Contours } from './contours';

export const RV = 1;
export const MYO = 2;
export const LV = 3;
export type Structure = typeof RV | typeof MYO | typeof LV;

/** Voxels of each structure in one plane; index 0 is background. */
export function countVoxels(plane: Uint8Array): Uint32Array {
  const counts = new Uint32Array(4);
  for (let i = 0; i < plane.length; i++) counts[plane[i]]++;
  return counts;
}

/** ED and ES (frames from 0): the first of the largest LV volumes, and the first of the smallest of the other frames. */
export function phasesOf(lv: number[]): { ed: number; es: number } | null {
  if (lv.length < 2 || !lv.some(volume => volume > 0)) return null;
  const ed = lv.indexOf(Math.max(...lv));
  const others = lv.map((volume, frame) => (frame === ed ? Infinity : volume));
  return { ed, es: others.indexOf(Math.min(...others)) };
}

/** (EDV − ESV) / EDV in percent points; null for a ventricle that is empty at ED, or that is larger at ES. */
export function ejectionFraction(edv: number, esv: number): number | null {
  return edv > 0 && esv <= edv ? (100 * (edv - esv)) / edv : null;
}

/** Frames (from 0) that a person chose. */
export interface ByHand {
  ed: number | null;
  es: number | null;
}

export interface Counted {
  /** Volume in every frame. */
  lv: number[];
  rv: number[];
  ed: number;
  es: number;
  lvEf: number | null;
  rvEf: number | null;
}

/** Figures of the contours as they are on the screen; null where no LV is seen. `ml` is the volume of a voxel. */
export function counted(contours: Contours, ml: number, byHand: ByHand): Counted | null {
  const lv = contours.curve(LV).map(n => n * ml);
  const rv = contours.curve(RV).map(n => n * ml);
  const found = phasesOf(lv);
  if (!found) return null;
  const ed = byHand.ed ?? found.ed;
  const es = byHand.es ?? found.es;
  return { lv, rv, ed, es, lvEf: ejectionFraction(lv[ed], lv[es]), rvEf: ejectionFraction(rv[ed], rv[es]) };
}
