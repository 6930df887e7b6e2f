/** The mode *Heart*: the viewer's segmentation mode with our panel and our way to show a cine. */

import { HANDLER } from './cineset';
import { enter, leave } from './extension';

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

/** What makes sense for a cine in one stack: nothing that needs a volume. */
const toolbar = {
  primary: ['WindowLevel', 'Pan', 'Zoom', 'Capture', 'MoreTools'],
  MoreTools: ['Reset', 'rotate-right', 'flipHorizontal', 'invert', 'Magnify', 'TagBrowser'],
  'viewportActionMenu.topRight': ['modalityLoadBadge'],
  'viewportActionMenu.bottomLeft': ['windowLevelMenu'],
};

export const mode = {
  id: 'radloop.heart',
  async modeFactory({ loadModules }: { loadModules(names: string[]): Promise<Factory[]> }) {
    const loaded = await loadModules(['@ohif/mode-segmentation', '@ohif/mode-basic']);
    const [segmentation, basic] = await Promise.all(
      loaded.map(one => one.modeFactory({ modeConfiguration: {}, loadModules })),
    );
    return {
      ...segmentation,
      id: 'radloop.heart',
      routeName: 'radloop',
      displayName: 'Heart',
      hide: false,
      isValidMode: ({ modalities }: { modalities: string }) => ({
        valid: modalities.split('\\').includes('MR'),
        description: 'Heart needs MR',
      }),
      // The segmentation mode's own entering opens its panels, which this mode does not have.
      onModeEnter: basic.onModeEnter,
      onModeExit(this: Instance, context: object) {
        leave();
        segmentation.onModeExit.call(this, context);
      },
      toolbarSections: [toolbar],
      sopClassHandlers: [HANDLER, ...segmentation.sopClassHandlers, ...SR_HANDLERS],
      hangingProtocol: 'radloop',
      routes: [
        {
          path: 'radloop',
          init: ({ studyInstanceUIDs }: { studyInstanceUIDs: string[] }) => enter(studyInstanceUIDs),
          layoutTemplate: () => ({
            id: `${DEFAULT}.layoutTemplateModule.viewerLayout`,
            props: {
              leftPanels: [`${DEFAULT}.panelModule.seriesList`],
              rightPanels: ['radloop.panelModule.heart'],
              leftPanelClosed: true,
              rightPanelClosed: false,
              leftPanelResizable: true,
              rightPanelResizable: true,
              rightPanelInitialExpandedWidth: 380,
              rightPanelMinimumExpandedWidth: 340,
              viewports: [
                {
                  namespace: `${CORE}.viewportModule.cornerstone`,
                  displaySetsToDisplay: [HANDLER, `${DEFAULT}.sopClassHandlerModule.stack`],
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
};
