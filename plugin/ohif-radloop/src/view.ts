/** The cine on the screen: which frame and slice is shown, playing, contours over every image, the brush. */

import type { Case, LabelDetail } from './answers';
import type { Contours } from './contours';
import { bring } from './hanging';
import { TOOL_GROUP, type Ohif, type StackViewport } from './ohif';
import { range, type Position } from './places';

export type Look = 'outline' | 'fill' | 'none';
export type Tool = 'look' | 'brush' | 'eraser';
const OHIF_TOOLS: Record<Tool, string> = { look: 'WindowLevel', brush: 'CircularBrush', eraser: 'CircularEraser' };
const LOOKS: Record<Look, object> = {
  outline: { renderFill: false, renderOutline: true, outlineWidth: 2 },
  fill: { renderFill: true, renderOutline: true, outlineWidth: 1, fillAlpha: 0.35 },
  none: { renderFill: false, renderOutline: false },
};

/**
 * Events: `moved` (another image is shown, or none of the cine's), `drawn` (the person changed contours; `planes` are
 * those that may have changed).
 */
export class CineView extends EventTarget {
  private readonly stop: AbortController = new AbortController();
  private readonly planeOf = new Map<string, number>();
  private labelImages: string[] = []; // by plane
  private readonly segmentationId: string;
  private represented = new Set<string>(); // viewports that have the contours
  private looks: Look = 'outline';
  private timer = 0;
  private jumping: Promise<unknown> | null = null;
  private prefetches: number | null = null; // how many images the viewer fetches at a time, while it is kept from that

  constructor(
    private readonly ohif: Ohif,
    private readonly cine: Case,
    private readonly segments: LabelDetail[],
  ) {
    super();
    const { eventTarget, Enums, utilities, getEnabledElements } = window.cornerstone;
    // A new id each time: the viewer keeps a stale table of colours for one that it has seen.
    this.segmentationId = `radloop-${utilities.uuidv4()}`;
    cine.planes.forEach(({ instance, frame }, plane) => this.planeOf.set(`${instance}/${frame}`, plane));

    const { signal } = this.stop;
    const watch = (element: HTMLElement) => {
      const moved = () => this.moved();
      element.addEventListener(Enums.Events.STACK_NEW_IMAGE, moved, { signal });
      element.addEventListener(Enums.Events.STACK_VIEWPORT_NEW_STACK, moved, { signal });
      element.addEventListener('wheel', event => this.wheel(event), { signal, capture: true, passive: false });
    };
    getEnabledElements().forEach(({ viewport }) => watch(viewport.element));
    eventTarget.addEventListener(
      Enums.Events.ELEMENT_ENABLED,
      event => watch((event as CustomEvent<{ element: HTMLElement }>).detail.element),
      { signal },
    );

    const { Events } = window.cornerstoneTools.Enums;
    const modified = (event: Event) => {
      if ((event as CustomEvent<{ segmentationId: string }>).detail.segmentationId !== this.segmentationId) return;
      const at = this.position();
      if (at) this.drawn([at.frame * cine.slices + at.slice]);
    };
    eventTarget.addEventListener(Events.SEGMENTATION_DATA_MODIFIED, modified, { signal });
    // What is undone may lie in a frame that is not on the screen.
    const all = () => this.drawn(range(this.labelImages.length));
    eventTarget.addEventListener(Events.HISTORY_UNDO, all, { signal });
    eventTarget.addEventListener(Events.HISTORY_REDO, all, { signal });
  }

  close(): void {
    this.pause();
    this.release();
    this.stop.abort();
    if (this.labelImages.length) this.services.segmentationService.remove(this.segmentationId);
  }

  /** Where the viewer is in the cine; null while it shows something else. */
  position(): Position | null {
    const viewport = this.viewport();
    if (!viewport) return null;
    const plane = this.plane(viewport.getImageIds()[viewport.getCurrentImageIdIndex()]);
    return plane === undefined ? null : { frame: Math.floor(plane / this.cine.slices), slice: plane % this.cine.slices };
  }

  async jump(to: Partial<Position>): Promise<void> {
    const at = this.position();
    const viewport = this.viewport();
    if (!at || !viewport) return;
    const frame = to.frame ?? at.frame;
    const slice = to.slice ?? at.slice;
    if (frame === at.frame && slice === at.slice) return;
    const plane = frame * this.cine.slices + slice;
    const index = viewport.getImageIds().findIndex(imageId => this.plane(imageId) === plane);
    this.jumping = viewport.setImageIdIndex(index);
    await this.jumping;
    this.jumping = null;
  }

  get playing(): boolean {
    return this.timer !== 0;
  }

  /** Play the slice through the cycle, at the heart's own pace where the times are known. */
  play(): void {
    const times = this.cine.times_ms;
    const step = times && times.length > 1 ? (times[times.length - 1] - times[0]) / (times.length - 1) : 40;
    this.timer = window.setInterval(
      () => {
        const at = this.position();
        if (!at) this.pause();
        // A slow machine drops frames; it never falls behind.
        else if (!this.jumping) void this.jump({ frame: (at.frame + 1) % this.cine.frames });
      },
      Math.min(200, Math.max(20, step)),
    );
  }

  pause(): void {
    window.clearInterval(this.timer);
    this.timer = 0;
    this.dispatchEvent(new Event('moved'));
  }

  /** Keep the viewer from fetching images that nobody looks at yet: where it shares a machine, the model waits for that. */
  hold(): void {
    if (this.prefetches !== null) return;
    const { imageLoadPoolManager } = window.cornerstone;
    this.prefetches = imageLoadPoolManager.getMaxSimultaneousRequests('prefetch');
    imageLoadPoolManager.setMaxSimultaneousRequests('prefetch', 0);
  }

  release(): void {
    if (this.prefetches === null) return;
    window.cornerstone.imageLoadPoolManager.setMaxSimultaneousRequests('prefetch', this.prefetches);
    this.prefetches = null;
  }

  /** Fetch every image of the cine, once what is on the screen is drawn. */
  async load(): Promise<void> {
    this.release();
    const { imageLoader } = window.cornerstone;
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    const imageIds = this.viewport()?.getImageIds() ?? [];
    await Promise.all(imageIds.map(imageId => imageLoader.loadAndCacheImage(imageId)));
  }

  /** Put contours over every image of the cine; false while the viewer does not show it. */
  async show(contours: Contours): Promise<boolean> {
    if (this.labelImages.length) {
      this.write(contours, range(this.labelImages.length));
      return true;
    }
    const viewport = this.viewport();
    if (!viewport) return false;
    const imageIds = [...viewport.getImageIds()];
    const { imageLoader } = window.cornerstone;
    const images = imageLoader.createAndCacheDerivedLabelmapImages(imageIds);
    imageIds.forEach((imageId, i) => {
      const plane = this.plane(imageId);
      if (plane === undefined) return;
      this.labelImages[plane] = images[i].imageId;
      images[i].voxelManager.getScalarData().set(contours.shown(plane));
    });
    const named = this.segments.map(({ value, name, meaning }, i) => [
      value,
      { label: `${name} (${meaning})`, segmentIndex: value, active: i === 0, locked: false },
    ]);
    this.services.segmentationService.addOrUpdateSegmentation({
      segmentationId: this.segmentationId,
      representation: {
        type: 'Labelmap',
        data: { imageIds: images.map(image => image.imageId), referencedImageIds: imageIds },
      },
      config: { label: 'Heart', segments: Object.fromEntries(named) },
    });
    await this.represent(viewport.id);
    this.look(this.looks);
    return true;
  }

  /** Bring planes on the screen up to date with the contours. */
  write(contours: Contours, planes: Iterable<number>): void {
    for (const plane of planes) this.labels(plane)?.set(contours.shown(plane));
    const { triggerSegmentationEvents } = window.cornerstoneTools.segmentation;
    triggerSegmentationEvents.triggerSegmentationDataModified(this.segmentationId);
  }

  /** The labels of a plane as they are on the screen. */
  labels(plane: number): Uint8Array | undefined {
    return window.cornerstone.cache.getImage(this.labelImages[plane])?.voxelManager.getScalarData();
  }

  look(look: Look): void {
    this.looks = look;
    this.services.segmentationService.setStyle({ type: 'Labelmap' }, LOOKS[look]);
  }

  /** Only circular tools: neighbours in the stack are the next slice or the next frame, so nothing may reach over. */
  use(tool: Tool, segment: number, radiusMm: number): void {
    const viewport = this.viewport();
    if (!viewport) return;
    const { segmentationService } = this.services;
    if (this.labelImages.length && tool !== 'look') {
      segmentationService.setActiveSegmentation(viewport.id, this.segmentationId);
      segmentationService.setActiveSegment(this.segmentationId, segment);
      window.cornerstoneTools.utilities.segmentation.setBrushSizeForToolGroup(TOOL_GROUP, radiusMm);
    }
    const { commandsManager } = this.ohif;
    commandsManager.runCommand('setToolActive', { toolName: OHIF_TOOLS[tool], toolGroupId: TOOL_GROUP });
  }

  undo(): void {
    this.ohif.commandsManager.runCommand('undo');
  }

  redo(): void {
    this.ohif.commandsManager.runCommand('redo');
  }

  /** Put the cine into the viewer's active viewport. */
  bring(): void {
    bring(this.ohif, this.cine.image);
  }

  private get services() {
    return this.ohif.servicesManager.services;
  }

  private viewport(): StackViewport | undefined {
    const active = this.services.viewportGridService.getActiveViewportId();
    const showing = window.cornerstone
      .getEnabledElements()
      .map(({ viewport }) => viewport)
      .filter(viewport => viewport.type === 'stack' && this.plane(viewport.getImageIds()[0]) !== undefined);
    return showing.find(({ id }) => id === active) ?? showing[0];
  }

  private plane(imageId: string | undefined): number | undefined {
    const [, instance, frame] = imageId?.match(/\/instances\/([^/]+)\/frames\/(\d+)/) ?? [];
    return this.planeOf.get(`${instance}/${frame}`);
  }

  private async represent(viewportId: string): Promise<void> {
    if (this.represented.has(viewportId)) return;
    this.represented.add(viewportId);
    const { segmentationService } = this.services;
    await segmentationService.addSegmentationRepresentation(viewportId, {
      segmentationId: this.segmentationId,
      type: 'Labelmap',
    });
    for (const { value, colour } of this.segments)
      segmentationService.setSegmentColor(viewportId, this.segmentationId, value, [...colour, 255]);
  }

  private moved(): void {
    this.dispatchEvent(new Event('moved'));
  }

  private drawn(planes: number[]): void {
    this.dispatchEvent(new CustomEvent('drawn', { detail: planes }));
  }

  /** The viewer's own wheel runs through all frames of all slices; ours changes the slice and stays in the frame. */
  private wheel(event: WheelEvent): void {
    const at = this.position();
    if (!at || event.ctrlKey) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const slice = Math.min(this.cine.slices - 1, Math.max(0, at.slice + Math.sign(event.deltaY)));
    if (slice !== at.slice) void this.jump({ slice });
  }
}
