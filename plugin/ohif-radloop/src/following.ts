/** Keeps the server up with a person's work: the draft that it holds, and the figures that it measures. */

import type { Case, Draft, Measurements } from './answers';
import { Keeper } from './keeper';
import { Refused, server } from './server';
import type { Work } from './work';

export type Saving = 'nothing' | 'waiting' | 'kept' | 'failed';
const AFTER_STROKE_MS = 500;
const AGAIN_MS = 5000;

/** Who hears of it: `tell` gets what went wrong, or null once it goes well again. */
export interface Listener {
  changed(): void;
  tell(error: unknown): void;
}

export class Following {
  saving: Saving = 'nothing';
  /** The server's figures, of the contours as they were last measured. */
  measurements: Measurements | null = null;
  /** The server has not yet measured the contours as they are. */
  behind = false;
  private work: Work | null = null;
  private readonly keeper = new Keeper();
  private last: Promise<void> = Promise.resolve();
  private timer = 0;
  private changes = 0;

  constructor(
    private readonly listener: Listener,
    private readonly author: () => string,
  ) {}

  begin(work: Work, measurements: Measurements): void {
    this.work = work;
    this.measurements = measurements;
    this.behind = false;
    this.saving = 'nothing';
  }

  /** Take up work that the server holds already, and have it measured. */
  async resume(work: Work, draft: Draft): Promise<void> {
    this.keeper.follows(work.cine.image, draft);
    this.work = work;
    this.measurements = null;
    this.saving = 'kept';
    await this.measure();
  }

  /** Leave the work; what is unsaved goes to the server. */
  end(): void {
    const { work } = this;
    if (work && (this.saving === 'waiting' || this.saving === 'failed'))
      this.keeper.keep(work.cine.image, work.draft(this.author())).catch(error => console.error(error));
    window.clearTimeout(this.timer);
    this.work = this.measurements = null;
    this.behind = false;
    this.saving = 'nothing';
  }

  /** Something that counts is different: keep it, and ask the server what follows. */
  touched(figures: boolean): void {
    if (figures) this.behind = true;
    this.changes++;
    this.saving = 'waiting';
    this.later(AFTER_STROKE_MS);
  }

  /** Give up what the server holds of a case. */
  async forget(cine: Case): Promise<void> {
    await this.pause();
    if (cine.draft) await this.keeper.forget(cine.image);
    cine.draft = false;
    this.saving = 'nothing';
  }

  /** Nothing more is sent after what is on its way. */
  async pause(): Promise<void> {
    window.clearTimeout(this.timer);
    await this.last;
  }

  /** The work is a label now, and goes on from there; the server has forgotten the draft by itself. */
  submitted(work: Work): void {
    this.work = work;
    this.keeper.submitted(work.cine.image);
    work.cine.draft = false;
    this.saving = 'nothing';
  }

  /** When everything that was to be kept is kept, or has failed. */
  idle(): Promise<void> {
    return this.keeper.idle();
  }

  private later(ms: number): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.follow(), ms);
  }

  /** One at a time: a draft names the one that it follows, and figures must not overtake each other. */
  private follow(): void {
    const { work, last } = this;
    this.last = (async () => {
      await last;
      if (work !== this.work) return;
      await this.keep();
      if (this.behind) await this.measure();
    })();
  }

  private async keep(): Promise<void> {
    const { work } = this;
    if (!work || this.saving === 'nothing') return;
    this.saving = 'waiting';
    const before = this.changes;
    try {
      await this.keeper.keep(work.cine.image, work.draft(this.author()));
      if (work !== this.work) return;
      if (before === this.changes) this.saving = 'kept';
      work.cine.draft = true;
      this.listener.tell(null);
    } catch (error) {
      if (work !== this.work) return;
      this.saving = 'failed';
      this.failed(error);
    }
    this.listener.changed();
  }

  private async measure(): Promise<void> {
    const { work } = this;
    if (!work) return;
    this.behind = false; // of what is being sent; a stroke meanwhile sets it again
    try {
      const measurements = await server.measure(work.cine.image, await work.said());
      if (work !== this.work || this.behind) return;
      this.measurements = measurements;
    } catch (error) {
      if (work !== this.work) return;
      this.behind = true;
      this.failed(error);
    }
    this.listener.changed();
  }

  private failed(error: unknown): void {
    this.listener.tell(error);
    if (mayPass(error)) this.later(AGAIN_MS);
  }
}

/** Whether it may go better in a moment: nobody answered, or the server has too much to do. */
const mayPass = (error: unknown): boolean => error instanceof Refused && [0, 429, 502, 503, 504].includes(error.status);
