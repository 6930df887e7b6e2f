/** The contours of a cine while a person works on them: labels of every plane, what changed, what is left out. */

import { countVoxels, type Structure } from './counting';
import { range, type Grid } from './places';

export class Contours implements Grid {
  readonly frames: number;
  readonly slices: number;
  /** Planes whose contours do not count; they are kept, and come back when they are taken in again. */
  readonly leftOut = new Set<number>();
  /** Planes that differ from what the work began with. */
  readonly edited = new Set<number>();
  private readonly size: number;
  private readonly empty: Uint8Array;
  private readonly counts: Uint32Array[];

  /** @param voxels labels [frame, slice, row, column], one byte each; changed in place */
  constructor(
    readonly voxels: Uint8Array,
    grid: Grid,
    private readonly base: Uint8Array = voxels.slice(),
  ) {
    this.frames = grid.frames;
    this.slices = grid.slices;
    this.size = voxels.length / (grid.frames * grid.slices);
    this.empty = new Uint8Array(this.size);
    this.counts = range(grid.frames * grid.slices).map(plane => countVoxels(this.kept(plane)));
  }

  /** What is on the screen and counts: nothing, where the plane is left out. */
  shown(plane: number): Uint8Array {
    return this.leftOut.has(plane) ? this.empty : this.kept(plane);
  }

  /** All planes as they are shown, one after the other. */
  allShown(): Uint8Array {
    const all = this.voxels.slice();
    for (const plane of this.leftOut) all.fill(0, plane * this.size, (plane + 1) * this.size);
    return all;
  }

  /** Voxels of a structure in every frame. */
  curve(structure: Structure): number[] {
    return range(this.frames).map(frame =>
      range(this.slices).reduce((sum, slice) => {
        const plane = frame * this.slices + slice;
        return sum + (this.leftOut.has(plane) ? 0 : this.counts[plane][structure]);
      }, 0),
    );
  }

  /**
   * Take over a plane as it was drawn on the screen, and tell whether anything changed. Drawing in a plane that is
   * left out takes it in again, with what it had where nothing was drawn.
   */
  draw(plane: number, drawn: Uint8Array): boolean {
    if (same(drawn, this.shown(plane))) return false;
    const kept = this.kept(plane);
    if (this.leftOut.delete(plane)) drawn.forEach((label, i) => label && (kept[i] = label));
    else kept.set(drawn);
    this.counts[plane] = countVoxels(kept);
    if (same(kept, this.base.subarray(plane * this.size, (plane + 1) * this.size))) this.edited.delete(plane);
    else this.edited.add(plane);
    return true;
  }

  leaveOut(planes: Iterable<number>, out: boolean): void {
    for (const plane of planes) {
      if (out) this.leftOut.add(plane);
      else this.leftOut.delete(plane);
    }
  }

  private kept(plane: number): Uint8Array {
    return this.voxels.subarray(plane * this.size, (plane + 1) * this.size);
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return a.length === b.length;
}
