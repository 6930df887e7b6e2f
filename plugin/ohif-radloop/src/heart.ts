/** A person's work on the cines of a study: what the server says, what is drawn, what is reviewed, what is kept. */

import type { Analysis, Case, Cases, Contours as ContoursSaid, Draft, Measurements, SubmittedLabel } from './answers';
import { Contours } from './contours';
import { counted, type Counted, type ByHand } from './counting';
import { Keeper } from './keeper';
import type { Ohif } from './ohif';
import { placesOf, planesFor, planesOf, range, type Mark, type Position } from './places';
import { Refused, pack, server, unpack } from './server';
import { CineView } from './view';

type Saving = 'nothing' | 'waiting' | 'kept' | 'failed';
const AFTER_STROKE_MS = 500;
const AGAIN_MS = 5000;

/** Events: `changed`, whenever the panel has to be drawn anew; `moved`, when only the position in the cine is another. */
export class Heart extends EventTarget {
  cases: Case[] = [];
  segments: Cases['segments'] = [];
  others: Cases['others'] = [];
  cine: Case | null = null;
  view: CineView | null = null;
  contours: Contours | null = null;
  measurements: Measurements | null = null;
  /** The server has not yet measured the contours as they are. */
  behind = false;
  /** ED and ES as a person set them (frames from 0). */
  byHand: ByHand = { ed: null, es: null };
  marked = new Set<number>();
  openedLabel: SubmittedLabel | null = null;
  doing: string | null = null;
  problem: string | null = null;
  notice: string | null = null;
  saving: Saving = 'nothing';
  author = localStorage.getItem('radloop.author') ?? '';
  private fromVersion: string | null = null;
  private wasEdited = false;
  private displayed: Contours | null = null;
  private arrived: CineView | null = null;
  private readonly keeper = new Keeper();
  private following: Promise<void> = Promise.resolve();
  private timer = 0;
  private changes = 0;
  private turn = 0; // answers that come after the person went elsewhere are not heard

  constructor(private readonly ohif: Ohif) {
    super();
  }

  /** Ask for the cines of the studies; the work on the first begins when `begin` is called. */
  async find(studies: string[]): Promise<void> {
    const turn = ++this.turn;
    this.cases = [];
    this.doing = 'Looking for a short-axis cine';
    try {
      await this.keeper.idle(); // what was left unsaved in a case may be of this study
      const found = await Promise.all(studies.map(study => server.cases(study)));
      if (turn !== this.turn) return;
      this.cases = found.flatMap(({ cases }) => cases);
      this.others = found.flatMap(({ others }) => others);
      this.segments = found[0].segments;
      if (!this.cases.length) this.problem = 'This study has no short-axis cine that can be analysed.';
    } catch (error) {
      this.tell(error);
    }
    this.doing = null;
    this.changed();
  }

  async begin(cine: Case): Promise<void> {
    this.put();
    const turn = ++this.turn;
    this.cine = cine;
    this.view = new CineView(this.ohif, cine, this.segments);
    this.view.addEventListener('moved', () => this.moved());
    this.view.addEventListener('drawn', event => this.drawn((event as CustomEvent<number[]>).detail));
    await this.work(async () => {
      const draft = cine.draft ? await server.draft(cine.image) : null;
      if (turn !== this.turn) return;
      if (draft) await this.resume(draft);
      else if (cine.labels.length) await this.reopen(cine.labels[0]);
      else await this.analyse();
    });
  }

  /** Leave the cine; what is unsaved goes to the server. */
  put(): void {
    if (this.cine && (this.saving === 'waiting' || this.saving === 'failed'))
      this.keeper.keep(this.cine.image, this.draft()).catch(error => console.error(error));
    this.turn++;
    window.clearTimeout(this.timer);
    this.view?.close();
    this.cine = this.view = this.contours = this.measurements = this.openedLabel = null;
    this.saving = 'nothing';
    this.problem = this.notice = this.doing = null;
  }

  async analyse(): Promise<void> {
    await this.work(async () => {
      const { cine, turn } = this.here();
      this.doing = 'Analysing the cine';
      this.changed();
      const answer: Analysis = await server.analyse(cine.image);
      const voxels = await unpack(answer.planes);
      if (turn !== this.turn) return;
      await this.forgetDraft();
      this.openedLabel = null;
      this.fromVersion = answer.measurements.model_version;
      this.take(new Contours(voxels, cine), answer.measurements, new Set());
      if (cine.state === 'new') cine.state = 'analysed';
    });
  }

  async reopen(label: SubmittedLabel): Promise<void> {
    await this.work(async () => {
      const { cine, turn } = this.here();
      this.doing = `Opening the label of ${label.author}`;
      this.changed();
      const opened = await server.label(cine.image, label.id);
      const voxels = await unpack(opened.planes);
      if (turn !== this.turn) return;
      await this.forgetDraft();
      this.openedLabel = opened.label;
      this.fromVersion = opened.label.from_version;
      // Where a client did not say what was reviewed, nobody here has reviewed it.
      const marked = label.assumed_reviewed ? new Set<number>() : planesOf(label.reviewed, cine);
      this.take(new Contours(voxels, cine), opened.measurements, marked);
    });
  }

  counted(): Counted | null {
    return this.contours && this.cine && counted(this.contours, this.cine.voxel_ml ?? 1, this.byHand);
  }

  setPhase(phase: 'ed' | 'es', frame: number | null): void {
    this.byHand = { ...this.byHand, [phase]: frame };
    this.touched();
  }

  /** Leave the slice out of this frame, or of all; or take it in again. */
  leaveOut(at: Position, everyFrame: boolean, out: boolean): void {
    const { contours, view } = this;
    if (!contours || !view) return;
    const frames = everyFrame ? range(contours.frames) : [at.frame];
    const planes = frames.map(frame => frame * contours.slices + at.slice);
    contours.leaveOut(planes, out);
    view.write(contours, planes);
    this.touched();
  }

  /** Planes that a person reviewed: those with a mark, and those that were changed. */
  reviewed(): Set<number> {
    return new Set([...this.marked, ...(this.contours?.edited ?? [])]);
  }

  planesFor(mark: Mark, at: Position): number[] {
    return this.contours ? planesFor(mark, at, this.contours, this.counted()) : [];
  }

  mark(planes: number[], reviewed: boolean): void {
    for (const plane of planes) {
      if (reviewed) this.marked.add(plane);
      else this.marked.delete(plane);
    }
    this.touched(false);
  }

  setAuthor(name: string): void {
    this.author = name;
    localStorage.setItem('radloop.author', name);
    this.changed();
  }

  async submit(): Promise<void> {
    await this.work(async () => {
      const { cine, turn } = this.here();
      if (!this.contours) return;
      window.clearTimeout(this.timer);
      this.doing = 'Submitting';
      this.changed();
      await this.following;
      const label = await server.submit(cine.image, {
        planes: await pack(this.contours.allShown()),
        author: this.author,
        from_version: this.fromVersion,
        reviewed: placesOf(this.reviewed(), cine),
      });
      if (turn !== this.turn) return;
      this.marked = this.reviewed();
      this.contours = new Contours(this.contours.allShown(), cine);
      this.openedLabel = label;
      this.keeper.submitted(cine.image);
      cine.draft = false;
      this.saving = 'nothing';
      cine.labels = [label, ...cine.labels];
      cine.state = 'submitted';
      this.notice = 'The label is submitted.';
    });
  }

  async export(): Promise<void> {
    await this.work(async () => {
      const { cine } = this.here();
      if (!this.contours) return;
      this.doing = 'Writing SEG and SR';
      this.changed();
      const exported = await server.export(cine.image, await this.said(this.contours.allShown()));
      this.notice = exported.sentence;
    });
  }

  /** Planes of the screen go into the contours; figures follow at once, the server's soon after. */
  private drawn(planes: number[]): void {
    const { contours, view } = this;
    if (!contours || !view) return;
    const changed = planes.filter(plane => {
      const labels = view.labels(plane);
      return labels !== undefined && contours.draw(plane, labels);
    });
    if (!changed.length) return;
    const at = view.position();
    if (at && changed.length === 1 && changed[0] !== at.frame * contours.slices + at.slice)
      void view.jump({ frame: Math.floor(changed[0] / contours.slices), slice: changed[0] % contours.slices });
    this.touched();
  }

  private async resume(draft: Draft): Promise<void> {
    const { cine, turn } = this.here();
    const voxels = await unpack(draft.planes);
    if (turn !== this.turn) return;
    const contours = new Contours(voxels, cine);
    contours.leaveOut(planesOf(draft.left_out ?? {}, cine), true);
    this.fromVersion = draft.from_version ?? null;
    this.openedLabel = cine.labels.find(({ id }) => id === draft.label) ?? null;
    this.keeper.follows(cine.image, draft);
    this.take(contours, null, planesOf(draft.reviewed ?? {}, cine));
    this.byHand = { ed: index(draft.ed_frame), es: index(draft.es_frame) };
    this.wasEdited = draft.edited ?? false;
    this.saving = 'kept';
    this.notice = 'Your unsubmitted work is back.';
    await this.measure();
  }

  private take(contours: Contours, measurements: Measurements | null, marked: Set<number>): void {
    this.contours = contours;
    this.measurements = measurements;
    this.behind = measurements === null;
    this.marked = marked;
    this.byHand = { ed: null, es: null };
    this.wasEdited = this.openedLabel !== null;
    void this.display(); // figures need not wait for pictures
  }

  /** Show the contours once the viewer shows the cine; called again whenever it might. */
  async display(): Promise<void> {
    const { contours, view, turn } = this;
    if (!contours || !view || this.displayed === contours) return;
    this.displayed = contours;
    const first = await view.show(contours);
    if (turn !== this.turn) return;
    if (!first) this.displayed = null;
    else if (this.arrived !== view) {
      // The first look is at end diastole, halfway between base and apex.
      this.arrived = view;
      await view.jump({ frame: this.counted()?.ed ?? 0, slice: Math.floor((contours.slices - 1) / 2) });
    }
    this.changed();
  }

  /** Something that counts is different: keep it, and ask the server what follows. */
  private touched(figures = true): void {
    if (figures) this.behind = true;
    this.changes++;
    this.saving = 'waiting';
    this.notice = null;
    this.later(AFTER_STROKE_MS);
    this.changed();
  }

  private later(ms: number): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.follow(), ms);
  }

  /** One at a time: a draft names the one that it follows, and figures must not overtake each other. */
  private async follow(): Promise<void> {
    const { turn } = this;
    const before = this.following;
    this.following = (async () => {
      await before;
      if (turn !== this.turn) return;
      await this.keep();
      if (this.behind) await this.measure();
    })();
    await this.following;
  }

  private async keep(): Promise<void> {
    const { cine, turn } = this;
    if (!cine || !this.contours || this.saving === 'nothing') return;
    this.saving = 'waiting';
    const before = this.changes;
    try {
      await this.keeper.keep(cine.image, this.draft());
      if (turn !== this.turn) return;
      if (before === this.changes) this.saving = 'kept';
      cine.draft = true;
      this.problem = null;
    } catch (error) {
      if (turn !== this.turn) return;
      this.saving = 'failed';
      this.tell(error);
      if (mayPass(error)) this.later(AGAIN_MS);
    }
    this.changed();
  }

  private async draft(): Promise<Draft> {
    const { cine, contours } = this;
    if (!cine || !contours) throw new Error('no contours');
    const rest = { label: this.openedLabel?.id ?? null, reviewed: placesOf(this.reviewed(), cine), author: this.author };
    return { ...(await this.said(contours.voxels)), ...rest };
  }

  private async measure(): Promise<void> {
    const { cine, contours, turn } = this;
    if (!cine || !contours) return;
    this.behind = false; // of what is being sent; a stroke meanwhile sets it again
    try {
      const measurements = await server.measure(cine.image, await this.said(contours.allShown()));
      if (turn !== this.turn || this.behind) return;
      this.measurements = measurements;
    } catch (error) {
      if (turn !== this.turn) return;
      this.behind = true;
      this.tell(error);
      if (mayPass(error)) this.later(AGAIN_MS);
    }
    this.changed();
  }

  private async said(voxels: Uint8Array): Promise<ContoursSaid> {
    const { contours, cine } = this;
    if (!contours || !cine) throw new Error('no contours');
    const rest = {
      from_version: this.fromVersion,
      ed_frame: number(this.byHand.ed),
      es_frame: number(this.byHand.es),
      left_out: placesOf(contours.leftOut, cine),
      edited: this.wasEdited || contours.edited.size > 0,
    };
    return { planes: await pack(voxels), ...rest }; // all of one moment: strokes go on meanwhile
  }

  private async forgetDraft(): Promise<void> {
    const { cine } = this.here();
    window.clearTimeout(this.timer);
    await this.following;
    if (cine.draft) await this.keeper.forget(cine.image);
    cine.draft = false;
    this.saving = 'nothing';
  }

  /** Do something that a person waits for; what goes wrong is told in its own sentence. */
  private async work(step: () => Promise<void>): Promise<void> {
    const { turn } = this;
    this.problem = this.notice = null;
    try {
      await step();
    } catch (error) {
      if (turn === this.turn) this.tell(error);
    }
    if (turn === this.turn) this.doing = null;
    this.changed();
  }

  private here(): { cine: Case; turn: number } {
    if (!this.cine) throw new Error('no cine');
    return { cine: this.cine, turn: this.turn };
  }

  private tell(error: unknown): void {
    if (!(error instanceof Refused)) console.error(error);
    this.problem = error instanceof Error ? error.message : String(error);
  }

  private changed(): void {
    this.dispatchEvent(new Event('changed'));
  }

  private moved(): void {
    void this.display();
    this.dispatchEvent(new Event('moved'));
  }
}

const index = (frame: number | null | undefined): number | null => (frame ? frame - 1 : null);
const number = (frameIndex: number | null): number | null => (frameIndex === null ? null : frameIndex + 1);

/** Whether it may go better in a moment: nobody answered, or the server has too much to do. */
const mayPass = (error: unknown): boolean => error instanceof Refused && [0, 429, 502, 503, 504].includes(error.status);
