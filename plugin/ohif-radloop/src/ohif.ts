/**
 * What the plugin uses of OHIF 3.13 and of cornerstone, which both come at run time: nothing is imported from them.
 * The viewer sets the two globals before any mode is entered.
 */

export interface Ohif {
  servicesManager: { services: Services };
  commandsManager: { runCommand(name: string, options?: object): unknown };
  extensionManager: { getModuleEntry(id: string): SopClassHandler };
}

export interface Services {
  displaySetService: { getActiveDisplaySets(): DisplaySet[] };
  segmentationService: {
    addOrUpdateSegmentation(segmentation: object): void;
    addSegmentationRepresentation(viewportId: string, representation: object): Promise<void>;
    setActiveSegmentation(viewportId: string, segmentationId: string): void;
    setActiveSegment(segmentationId: string, segment: number): void;
    setSegmentColor(viewportId: string, segmentationId: string, segment: number, color: number[]): void;
    setStyle(where: object, style: object): void;
    remove(segmentationId: string): void;
  };
  viewportGridService: {
    getActiveViewportId(): string;
    setDisplaySetsForViewports(hangings: object[]): void;
  };
}

export interface SopClassHandler {
  getDisplaySetsFromSeries(instances: Instance[]): DisplaySet[];
}

export interface Instance {
  SOPInstanceUID: string;
  SOPClassUID: string;
  SeriesInstanceUID: string;
}

export interface DisplaySet {
  displaySetInstanceUID: string;
  images: Instance[];
  /** The image that the server knows this cine or film as; only ours have it. */
  radloopImage?: string;
  setAttributes(attributes: object): void;
}

export interface StackViewport {
  id: string;
  type: string;
  element: HTMLDivElement;
  canvas: HTMLCanvasElement;
  getImageIds(): string[];
  getCurrentImageIdIndex(): number;
  setImageIdIndex(index: number): Promise<unknown>;
  getProperties(): { invert?: boolean };
  setProperties(properties: { invert: boolean }): void;
  /** Of the image that is shown; `dimensions` are columns, rows and 1. */
  getImageData(): { dimensions: number[]; imageData: { indexToWorld(index: number[]): number[] } } | undefined;
  /** In CSS pixels from the element's upper left corner. */
  worldToCanvas(point: number[]): [number, number];
  render(): void;
}

interface LabelImage {
  imageId: string;
  voxelManager: { getScalarData(): Uint8Array };
}

interface Cornerstone {
  eventTarget: EventTarget;
  Enums: {
    Events: Record<
      'CAMERA_MODIFIED' | 'ELEMENT_ENABLED' | 'IMAGE_RENDERED' | 'STACK_NEW_IMAGE' | 'STACK_VIEWPORT_NEW_STACK',
      string
    >;
  };
  imageLoadPoolManager: {
    getMaxSimultaneousRequests(type: 'prefetch'): number;
    setMaxSimultaneousRequests(type: 'prefetch', count: number): void;
  };
  imageLoader: {
    loadAndCacheImage(imageId: string): Promise<unknown>;
    createAndCacheDerivedLabelmapImages(imageIds: string[]): LabelImage[];
  };
  cache: { getImage(imageId: string): LabelImage | undefined; removeImageLoadObject(imageId: string): void };
  utilities: { uuidv4(): string };
  getEnabledElements(): { viewport: StackViewport }[];
}

interface CornerstoneTools {
  Enums: { Events: Record<'SEGMENTATION_DATA_MODIFIED' | 'HISTORY_UNDO' | 'HISTORY_REDO', string> };
  segmentation: { triggerSegmentationEvents: { triggerSegmentationDataModified(segmentationId: string): void } };
  utilities: { segmentation: { setBrushSizeForToolGroup(toolGroupId: string, size: number): void } };
}

declare global {
  interface Window {
    cornerstone: Cornerstone;
    cornerstoneTools: CornerstoneTools;
  }
}

export const TOOL_GROUP = 'default';

/** The viewer's own way to make display sets of plain images. */
export const STACK = '@ohif/extension-default.sopClassHandlerModule.stack';
