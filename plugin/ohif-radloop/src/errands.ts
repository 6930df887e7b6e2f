/** What a person has the server do, and waits for: what is being done, what went wrong, what came of it. */

import { Refused } from './server';

/** Event: `changed`, whenever the panel has to be drawn anew. */
export class Errands extends EventTarget {
  doing: string | null = null;
  problem: string | null = null;
  notice: string | null = null;
  protected turn = 0; // answers that come after the person went elsewhere are not heard

  get author(): string {
    return localStorage.getItem('radloop.author') ?? '';
  }

  setAuthor(name: string): void {
    localStorage.setItem('radloop.author', name);
    this.changed();
  }

  /** The person goes elsewhere. */
  protected drop(): void {
    this.turn++;
    this.problem = this.notice = this.doing = null;
  }

  /** Do something that a person waits for; what goes wrong is told in its own sentence. */
  protected async waitedFor(step: () => Promise<void>): Promise<void> {
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

  protected does(what: string): void {
    this.doing = what;
    this.changed();
  }

  /** Say what went wrong; null: it goes well again. */
  protected tell(error: unknown): void {
    if (error !== null && !(error instanceof Refused)) console.error(error);
    this.problem = error === null ? null : error instanceof Error ? error.message : String(error);
  }

  protected changed(): void {
    this.dispatchEvent(new Event('changed'));
  }
}
