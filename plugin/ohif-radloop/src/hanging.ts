/** Where the viewer puts our images when a study opens, and how it is asked for them again. */

import { TOOL_GROUP, type Ohif } from './ohif';

/** One stack viewport for the whole study, with a display set of ours in it; the one marked as first, if any is. */
export const oneStack = (id: string, handler: string) => ({
  id,
  protocolMatchingRules: [],
  numberOfPriorsReferenced: 0,
  defaultViewport: {
    viewportOptions: { viewportType: 'stack', toolGroupId: TOOL_GROUP, allowUnmatchedView: true },
    displaySets: [{ id: 'ours', matchedDisplaySetsIndex: -1 }],
  },
  displaySetSelectors: {
    ours: {
      seriesMatchingRules: [
        { weight: 100, attribute: 'SOPClassHandlerId', constraint: { equals: { value: handler } } },
        { weight: 10, attribute: 'radloopPlace', constraint: { equals: { value: 'first' } } },
        // Required: the viewer's own views of reports fail on some, and take the whole page with them.
        { weight: 1, required: true, attribute: 'numImageFrames', constraint: { greaterThan: { value: 0 } } },
      ],
    },
  },
  stages: [
    {
      name: 'ours',
      viewportStructure: { layoutType: 'grid', properties: { rows: 1, columns: 1 } },
      viewports: [
        {
          viewportOptions: { viewportId: 'radloop', viewportType: 'stack', toolGroupId: TOOL_GROUP, allowUnmatchedView: true },
          displaySets: [{ id: 'ours' }],
        },
      ],
    },
  ],
});

/** Put an image of ours into the viewer's active viewport. */
export function bring({ servicesManager }: Ohif, image: string): void {
  const { displaySetService, viewportGridService } = servicesManager.services;
  const set = displaySetService.getActiveDisplaySets().find(one => one.radloopImage === image);
  if (!set) return;
  viewportGridService.setDisplaySetsForViewports([
    {
      viewportId: viewportGridService.getActiveViewportId(),
      displaySetInstanceUIDs: [set.displaySetInstanceUID],
      viewportOptions: { viewportType: 'stack', toolGroupId: TOOL_GROUP },
    },
  ]);
}
