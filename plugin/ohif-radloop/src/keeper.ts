/** Keeps unsubmitted work at the server: one saving after the other, each naming the one that it follows. */

import type { Draft } from './answers';
import { server } from './server';

export class Keeper {
  private readonly numbers = new Map<string, number>();
  private queue: Promise<unknown> = Promise.resolve();

  /** A draft that came from the server is the one that the next will follow. */
  follows(image: string, draft: Draft): void {
    this.numbers.set(image, draft.number ?? 0);
  }

  keep(image: string, draft: Promise<Draft>): Promise<void> {
    return this.next(async () => {
      const { number } = await server.keepDraft(image, { ...(await draft), number: this.numbers.get(image) ?? 0 });
      this.numbers.set(image, number);
    });
  }

  forget(image: string): Promise<void> {
    return this.next(async () => {
      await server.forgetDraft(image);
      this.numbers.delete(image);
    });
  }

  /** The server has forgotten the draft by itself: its label was submitted. */
  submitted(image: string): void {
    this.numbers.delete(image);
  }

  /** When everything that was to be kept is kept, or has failed. */
  async idle(): Promise<void> {
    await this.queue.catch(() => {});
  }

  private next(step: () => Promise<void>): Promise<void> {
    const done = this.idle().then(step);
    this.queue = done.catch(() => {});
    return done;
  }
}
