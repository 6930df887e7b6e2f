/**
 * How a cine becomes one stack of images, frame by frame. The server has said which planes are the cine's, in which
 * order, and from which series; OHIF's own reading of a "4D" series shows contours of one time point only.
 */

import type { Case } from './answers';
import { STACK, type DisplaySet, type Instance, type Ohif } from './ohif';

export const HANDLER = 'radloop.sopClassHandlerModule.cine';
const MR = ['1.2.840.10008.5.1.4.1.1.4', '1.2.840.10008.5.1.4.1.1.4.1', '1.2.840.10008.5.1.4.1.1.4.4'];

export function cineHandler({ extensionManager }: Ohif, cases: () => Case[]) {
  const waiting = new Map<string, Map<string, Instance>>(); // image → its instances that have come, of any series
  return {
    name: 'cine',
    sopClassUids: MR,
    getDisplaySetsFromSeries(instances: Instance[]): DisplaySet[] {
      const stack = extensionManager.getModuleEntry(STACK);
      const sets: DisplaySet[] = [];
      for (const cine of cases()) {
        const order = [...new Set(cine.planes.map(plane => plane.instance))];
        const come = waiting.get(cine.image) ?? new Map<string, Instance>();
        waiting.set(cine.image, come);
        const before = come.size;
        for (const one of instances) if (order.includes(one.SOPInstanceUID)) come.set(one.SOPInstanceUID, one);
        if (come.size === before || come.size < order.length) continue;
        const ordered = order.map(uid => come.get(uid)!);
        const [set] = stack.getDisplaySetsFromSeries([...ordered]);
        set.images.splice(0, set.images.length, ...ordered);
        set.setAttributes({
          radloopImage: cine.image,
          SOPClassHandlerId: HANDLER,
          label: cine.description,
          numImageFrames: cine.planes.length,
          isDynamicVolume: false, // else the viewer forces a volume viewport
          isReconstructable: false,
        });
        sets.push(set);
        waiting.delete(cine.image);
      }
      // What is left of the series goes to the handlers that come with the viewer.
      return sets;
    },
  };
}
