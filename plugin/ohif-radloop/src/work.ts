/** What a person has made of one cine: contours, marks, ED and ES by hand; and how it is said to the server. */

import type { Case, Contours as ContoursSaid, Draft, Submission, SubmittedLabel } from './answers';
import { Contours } from './contours';
import { counted, type ByHand, type Counted } from './counting';
import { placesOf, planesFor, planesOf, type Mark, type Position } from './places';
import { pack } from './server';

/** Where work began. `edited`: a person's hand was in the contours already. */
export interface Beginning {
  fromVersion: string | null;
  label: SubmittedLabel | null;
  edited: boolean;
}

export class Work {
  constructor(
    readonly cine: Case,
    readonly contours: Contours,
    readonly began: Beginning,
    readonly marked: Set<number> = new Set(),
    /** ED and ES as a person set them (frames from 0). */
    public byHand: ByHand = { ed: null, es: null },
  ) {}

  static onDraft(cine: Case, voxels: Uint8Array, draft: Draft): Work {
    const contours = new Contours(voxels, cine);
    contours.leaveOut(planesOf(draft.left_out ?? {}, cine), true);
    const label = cine.labels.find(({ id }) => id === draft.label) ?? null;
    const began = { fromVersion: draft.from_version ?? null, label, edited: draft.edited ?? false };
    const byHand = { ed: index(draft.ed_frame), es: index(draft.es_frame) };
    return new Work(cine, contours, began, planesOf(draft.reviewed ?? {}, cine), byHand);
  }

  static onLabel(cine: Case, voxels: Uint8Array, label: SubmittedLabel): Work {
    // Where a client did not say what was reviewed, nobody here has reviewed it.
    const marked = label.assumed_reviewed ? new Set<number>() : planesOf(label.reviewed, cine);
    const began = { fromVersion: label.from_version, label, edited: true };
    return new Work(cine, new Contours(voxels, cine), began, marked);
  }

  /** The same work once it is a label: what was changed is marked, and what was left out is empty. */
  submittedAs(label: SubmittedLabel): Work {
    const began = { ...this.began, label, edited: this.edited };
    return new Work(this.cine, new Contours(this.contours.allShown(), this.cine), began, this.reviewed(), this.byHand);
  }

  get edited(): boolean {
    return this.began.edited || this.contours.edited.size > 0;
  }

  /** Figures of the contours as they are on the screen. */
  counted(): Counted | null {
    return counted(this.contours, this.cine.voxel_ml ?? 1, this.byHand);
  }

  /** Planes that a person reviewed: those with a mark, and those that were changed. */
  reviewed(): Set<number> {
    return new Set([...this.marked, ...this.contours.edited]);
  }

  planesFor(mark: Mark, at: Position): number[] {
    return planesFor(mark, at, this.contours, this.counted());
  }

  mark(planes: number[], reviewed: boolean): void {
    for (const plane of planes) {
      if (reviewed) this.marked.add(plane);
      else this.marked.delete(plane);
    }
  }

  /** What counts, to be measured or exported: planes that are left out are empty. */
  said(): Promise<ContoursSaid> {
    return this.saidOf(this.contours.allShown());
  }

  /** Everything, to be taken up again: planes that are left out keep their contours. */
  async draft(author: string): Promise<Draft> {
    const rest = { label: this.began.label?.id ?? null, reviewed: placesOf(this.reviewed(), this.cine), author };
    return { ...(await this.saidOf(this.contours.voxels)), ...rest };
  }

  async submission(author: string): Promise<Submission> {
    const reviewed = placesOf(this.reviewed(), this.cine);
    return { planes: await pack(this.contours.allShown()), author, from_version: this.began.fromVersion, reviewed };
  }

  private async saidOf(voxels: Uint8Array): Promise<ContoursSaid> {
    const rest = {
      from_version: this.began.fromVersion,
      ed_frame: number(this.byHand.ed),
      es_frame: number(this.byHand.es),
      left_out: placesOf(this.contours.leftOut, this.cine),
      edited: this.edited,
    };
    return { planes: await pack(voxels), ...rest }; // all of one moment: strokes go on meanwhile
  }
}

const index = (frame: number | null | undefined): number | null => (frame ? frame - 1 : null);
const number = (frameIndex: number | null): number | null => (frameIndex === null ? null : frameIndex + 1);
