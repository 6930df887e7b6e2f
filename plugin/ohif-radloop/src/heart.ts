/** A person's way through the cines of a study: find, analyse, open, correct, mark, submit, save; each asks the server. */

import type { Case, Cases, Draft, Measurements, SubmittedLabel } from './answers';
import { Contours } from './contours';
import { Errands } from './errands';
import { Following } from './following';
import type { Ohif } from './ohif';
import { range, type Position } from './places';
import { server, unpack } from './server';
import { CineView } from './view';
import { Work } from './work';

/** Event `moved`, beside those of errands: only the position in the cine is another. */
export class Heart extends Errands {
  cases: Case[] = [];
  segments: Cases['segments'] = [];
  others: Cases['others'] = [];
  cine: Case | null = null;
  view: CineView | null = null;
  work: Work | null = null;
  readonly following = new Following(
    { changed: () => this.changed(), tell: error => this.tell(error) },
    () => this.author,
  );
  private displayed: Contours | null = null;
  private entered: CineView | null = null; // halfway between base and apex
  private arrived: CineView | null = null; // and at end diastole

  constructor(private readonly ohif: Ohif) {
    super();
  }

  /** Ask for the cines of the studies; the work on the first begins when `begin` is called. */
  async find(studies: string[]): Promise<void> {
    const turn = ++this.turn;
    this.cases = [];
    this.doing = 'Looking for a short-axis cine';
    try {
      await this.following.idle(); // what was left unsaved in a case may be of this study
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
    this.view.hold();
    this.view.addEventListener('moved', () => this.moved());
    this.view.addEventListener('drawn', event => this.drawn((event as CustomEvent<number[]>).detail));
    await this.waitedFor(async () => {
      const draft = cine.draft ? await server.draft(cine.image) : null;
      if (turn !== this.turn) return;
      if (draft) await this.resume(draft);
      else if (cine.labels.length) await this.reopen(cine.labels[0]);
      else await this.analyse();
    });
    // Where there are contours to show, the images are fetched after them.
    if (turn === this.turn && !(this.work && this.view.position())) this.view.release();
  }

  /** Leave the cine; what is unsaved goes to the server. */
  put(): void {
    this.following.end();
    this.view?.close();
    this.cine = this.view = this.work = null;
    this.drop();
  }

  async analyse(): Promise<void> {
    await this.waitedFor(async () => {
      const { cine, turn } = this.here();
      this.does('Analysing the cine');
      const answer = await server.analyse(cine.image);
      const voxels = await unpack(answer.planes);
      if (turn !== this.turn) return;
      const began = { fromVersion: answer.measurements.model_version, label: null, edited: false };
      await this.take(new Work(cine, new Contours(voxels, cine), began), answer.measurements);
      if (cine.state === 'new') cine.state = 'analysed';
    });
  }

  async reopen(label: SubmittedLabel): Promise<void> {
    await this.waitedFor(async () => {
      const { cine, turn } = this.here();
      this.does(`Opening the label of ${label.author}`);
      const opened = await server.label(cine.image, label.id);
      const voxels = await unpack(opened.planes);
      if (turn !== this.turn) return;
      await this.take(Work.onLabel(cine, voxels, opened.label), opened.measurements);
    });
  }

  setPhase(phase: 'ed' | 'es', frame: number | null): void {
    const { work } = this;
    if (!work) return;
    work.byHand = { ...work.byHand, [phase]: frame };
    this.touched();
  }

  /** Leave the slice out of this frame, or of all; or take it in again. */
  leaveOut(at: Position, everyFrame: boolean, out: boolean): void {
    const { work, view } = this;
    if (!work || !view) return;
    const { contours } = work;
    const frames = everyFrame ? range(contours.frames) : [at.frame];
    const planes = frames.map(frame => frame * contours.slices + at.slice);
    contours.leaveOut(planes, out);
    view.write(contours, planes);
    this.touched();
  }

  mark(planes: number[], reviewed: boolean): void {
    this.work?.mark(planes, reviewed);
    this.touched(false);
  }

  async submit(): Promise<void> {
    await this.waitedFor(async () => {
      const { cine, turn } = this.here();
      const { work } = this;
      if (!work) return;
      this.does('Submitting');
      await this.following.pause();
      const label = await server.submit(cine.image, await work.submission(this.author));
      if (turn !== this.turn) return;
      this.work = work.submittedAs(label);
      this.following.submitted(this.work);
      cine.labels = [label, ...cine.labels];
      cine.state = 'submitted';
      this.notice = 'The label is submitted.';
    });
  }

  async export(): Promise<void> {
    await this.waitedFor(async () => {
      const { cine } = this.here();
      if (!this.work) return;
      this.does('Writing SEG and SR');
      this.notice = (await server.export(cine.image, await this.work.said())).sentence;
    });
  }

  /** Show the contours once the viewer shows the cine; called again whenever it might. */
  async display(): Promise<void> {
    const { work, view, turn } = this;
    if (!work || !view || this.displayed === work.contours) return;
    this.displayed = work.contours;
    const first = await view.show(work.contours);
    if (turn !== this.turn) return;
    if (!first) this.displayed = null;
    else if (this.arrived !== view) {
      const lacking = (error: unknown) => {
        console.error(error);
        if (turn !== this.turn) return;
        this.problem = 'Some images of the cine cannot be loaded.';
        this.changed();
      };
      // The first look is at end diastole, halfway between base and apex.
      this.arrived = view;
      await view.jump({ frame: work.counted()?.ed ?? 0, slice: this.middle() }).catch(lacking);
      view.load().catch(lacking);
    }
    this.changed();
  }

  /** Planes of the screen go into the contours; figures follow at once, the server's soon after. */
  private drawn(planes: number[]): void {
    const { work, view } = this;
    if (!work || !view) return;
    const { contours } = work;
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
    this.show(Work.onDraft(cine, voxels, draft));
    this.notice = 'Your unsubmitted work is back.';
    await this.following.resume(this.work!, draft);
  }

  /** Go on with other work on the cine; an unsubmitted draft of it is given up. */
  private async take(work: Work, measurements: Measurements): Promise<void> {
    const { turn } = this;
    await this.following.forget(work.cine);
    if (turn !== this.turn) return;
    this.following.begin(work, measurements);
    this.show(work);
  }

  private show(work: Work): void {
    this.work = work;
    void this.display(); // figures need not wait for pictures
  }

  private touched(figures = true): void {
    this.notice = null;
    this.following.touched(figures);
    this.changed();
  }

  private middle(): number {
    return Math.floor((this.here().cine.slices - 1) / 2);
  }

  private here(): { cine: Case; turn: number } {
    if (!this.cine) throw new Error('no cine');
    return { cine: this.cine, turn: this.turn };
  }

  private moved(): void {
    const { view } = this;
    if (this.work) void this.display();
    else if (view && this.entered !== view && view.position()) {
      this.entered = view;
      void view.jump({ slice: this.middle() });
    }
    this.dispatchEvent(new Event('moved'));
  }
}
