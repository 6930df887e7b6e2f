/** The modes *Heart* and *Chest X-ray*: the viewer's segmentation mode with a panel and a way to show images of ours. */

import { HANDLER as CINE } from './cineset';
import { enterChest, enterHeart, leaveChest, leaveHeart } from './extension';
import { HANDLER as FILM } from './filmset';

interface Instance {
  onModeEnter(this: Instance, context: object): void;
  onModeExit(this: Instance, context: object): void;
  extensions: object;
  sopClassHandlers: string[];
  toolbarButtons: object[];
  toolbarSections: object[];
}
interface Factory {
  modeFactory(options: object): Promise<Instance> | Instance;
}

const DEFAULT = '@ohif/extension-default';
const CORE = '@ohif/extension-cornerstone';
const SEG = '@ohif/extension-cornerstone-dicom-seg';
const SR = '@ohif/extension-cornerstone-dicom-sr';
const SR_HANDLERS = [`${SR}.sopClassHandlerModule.dicom-sr-3d`, `${SR}.sopClassHandlerModule.dicom-sr`];

/** What makes sense for a stack: nothing that needs a volume. */
const toolbar = {
  primary: ['WindowLevel', 'Pan', 'Zoom', 'Capture', 'MoreTools'],
  MoreTools: ['Reset', 'rotate-right', 'flipHorizontal', 'invert', 'Magnify', 'TagBrowser'],
  'viewportActionMenu.topRight': ['modalityLoadBadge'],
  'viewportActionMenu.bottomLeft': ['windowLevelMenu'],
};

interface Ours {
  /** Of the panel, and of its element. */
  name: string;
  displayName: string;
  /** In addresses, and of the hanging protocol. */
  path: string;
  handler: string;
  modalities: string[];
  enter(studies: string[]): Promise<void>;
  leave(): void;
}

const modeOf = ({ name, displayName, path, handler, modalities: needed, enter, leave }: Ours) => ({
  id: `radloop.${name}`,
  async modeFactory({ loadModules }: { loadModules(names: string[]): Promise<Factory[]> }) {
    const loaded = await loadModules(['@ohif/mode-segmentation', '@ohif/mode-basic']);
    const [segmentation, basic] = await Promise.all(
      loaded.map(one => one.modeFactory({ modeConfiguration: {}, loadModules })),
    );
    return {
      ...segmentation,
      id: `radloop.${name}`,
      routeName: path,
      displayName,
      hide: false,
      isValidMode: ({ modalities }: { modalities: string }) => ({
        valid: modalities.split('\\').some(one => needed.includes(one)),
        description: `${displayName} needs ${needed.slice(0, 2).join(' or ')}`,
      }),
      // The segmentation mode's own entering opens its panels, which this mode does not have.
      onModeEnter: basic.onModeEnter,
      onModeExit(this: Instance, context: object) {
        leave();
        segmentation.onModeExit.call(this, context);
      },
      toolbarSections: [toolbar],
      sopClassHandlers: [handler, ...segmentation.sopClassHandlers, ...SR_HANDLERS],
      hangingProtocol: path,
      routes: [
        {
          path,
          init: ({ studyInstanceUIDs }: { studyInstanceUIDs: string[] }) => enter(studyInstanceUIDs),
          layoutTemplate: () => ({
            id: `${DEFAULT}.layoutTemplateModule.viewerLayout`,
            props: {
              leftPanels: [`${DEFAULT}.panelModule.seriesList`],
              rightPanels: [`radloop.panelModule.${name}`],
              leftPanelClosed: true,
              rightPanelClosed: false,
              leftPanelResizable: true,
              rightPanelResizable: true,
              rightPanelInitialExpandedWidth: 380,
              rightPanelMinimumExpandedWidth: 340,
              viewports: [
                {
                  namespace: `${CORE}.viewportModule.cornerstone`,
                  displaySetsToDisplay: [handler, `${DEFAULT}.sopClassHandlerModule.stack`],
                },
                {
                  namespace: `${SEG}.viewportModule.dicom-seg`,
                  displaySetsToDisplay: [`${SEG}.sopClassHandlerModule.dicom-seg`],
                },
                { namespace: `${SR}.viewportModule.dicom-sr`, displaySetsToDisplay: SR_HANDLERS },
              ],
            },
          }),
        },
      ],
    };
  },
});

export const heart = modeOf({
  name: 'heart',
  displayName: 'Heart',
  path: 'radloop',
  handler: CINE,
  modalities: ['MR'],
  enter: enterHeart,
  leave: leaveHeart,
});

export const chest = modeOf({
  name: 'chest',
  displayName: 'Chest X-ray',
  path: 'radloop-chest',
  handler: FILM,
  modalities: ['CR', 'DX', 'RG', 'SC', 'OT'], // the last two: secondary captures
  enter: enterChest,
  leave: leaveChest,
});
