/** Each film of a study as a display set of its own: a series of radiographs is no stack to scroll through. */

import type { Film } from './answers';
import { STACK, type DisplaySet, type Instance, type Ohif } from './ohif';

export const HANDLER = 'radloop.sopClassHandlerModule.film';
const FILMS = [
  '1.2.840.10008.5.1.4.1.1.1', // CR
  '1.2.840.10008.5.1.4.1.1.1.1', // DX, for presentation
  '1.2.840.10008.5.1.4.1.1.1.1.1', // DX, for processing
  '1.2.840.10008.5.1.4.1.1.7', // Secondary Capture
];

export function filmHandler({ extensionManager }: Ohif, films: () => Film[]) {
  return {
    name: 'film',
    sopClassUids: FILMS,
    getDisplaySetsFromSeries(instances: Instance[]): DisplaySet[] {
      const known = films();
      return instances.flatMap(instance => {
        const place = known.findIndex(({ image }) => image === instance.SOPInstanceUID);
        if (place < 0) return []; // the viewer's own handlers take it
        const [set] = extensionManager.getModuleEntry(STACK).getDisplaySetsFromSeries([instance]);
        set.setAttributes({
          radloopImage: instance.SOPInstanceUID,
          radloopPlace: place === 0 ? 'first' : 'later',
          SOPClassHandlerId: HANDLER,
          numImageFrames: 1,
        });
        return [set];
      });
    },
  };
}
