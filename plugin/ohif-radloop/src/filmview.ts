/** A film on the screen: whether it is shown, and the heat map over it, in every viewport that shows it. */

import { bring } from './hanging';
import { lay, paint, type Heat } from './heat';
import type { Ohif, StackViewport } from './ohif';

/** Event `moved`: another image is shown, or the film is again. */
export class FilmView extends EventTarget {
  private readonly stop = new AbortController();
  private readonly layers = new Map<HTMLElement, HTMLCanvasElement>();
  private heat: Heat | null = null;
  private opacity = 0;

  constructor(
    private readonly ohif: Ohif,
    private readonly image: string,
  ) {
    super();
    const { eventTarget, Enums, getEnabledElements } = window.cornerstone;
    const { CAMERA_MODIFIED, ELEMENT_ENABLED, IMAGE_RENDERED, STACK_NEW_IMAGE, STACK_VIEWPORT_NEW_STACK } = Enums.Events;
    const { signal } = this.stop;
    const watch = (element: HTMLElement) => {
      for (const kind of [CAMERA_MODIFIED, IMAGE_RENDERED]) element.addEventListener(kind, () => this.draw(), { signal });
      for (const kind of [STACK_NEW_IMAGE, STACK_VIEWPORT_NEW_STACK])
        element.addEventListener(kind, () => this.moved(), { signal });
    };
    getEnabledElements().forEach(({ viewport }) => watch(viewport.element));
    eventTarget.addEventListener(
      ELEMENT_ENABLED,
      event => watch((event as CustomEvent<{ element: HTMLElement }>).detail.element),
      { signal },
    );
  }

  close(): void {
    this.stop.abort();
    this.cover(null, 0);
  }

  get shown(): boolean {
    return this.viewports().length > 0;
  }

  bring(): void {
    bring(this.ohif, this.image);
  }

  /** Show black as white and white as black, where the film is shown. */
  invert(): void {
    for (const viewport of this.viewports()) {
      viewport.setProperties({ invert: !viewport.getProperties().invert });
      viewport.render();
    }
  }

  /** @param opacity 0 to 1; at 0 nothing is laid over the film */
  cover(heat: Heat | null, opacity: number): void {
    if (heat !== this.heat) this.clear(() => true);
    this.heat = heat;
    this.opacity = opacity;
    this.draw();
  }

  private draw(): void {
    const { heat } = this;
    const showing = heat && this.opacity > 0 ? this.viewports() : [];
    this.clear(element => !showing.some(viewport => viewport.element === element));
    for (const viewport of showing) {
      const layer = this.layers.get(viewport.element) ?? paint(heat!);
      this.layers.set(viewport.element, layer);
      layer.style.opacity = String(this.opacity);
      lay(layer, viewport);
    }
  }

  private clear(gone: (element: HTMLElement) => boolean): void {
    for (const [element, layer] of this.layers) {
      if (!gone(element)) continue;
      layer.remove();
      this.layers.delete(element);
    }
  }

  private viewports(): StackViewport[] {
    return window.cornerstone
      .getEnabledElements()
      .map(({ viewport }) => viewport)
      .filter(({ type }) => type === 'stack')
      .filter(viewport => viewport.getImageIds()[viewport.getCurrentImageIdIndex()]?.includes(`/instances/${this.image}/`));
  }

  private moved(): void {
    this.draw();
    this.dispatchEvent(new Event('moved'));
  }
}
