/** The extension: what OHIF asks of radloop. */

import { cineHandler, hangingProtocol } from './cineset';
import { Heart } from './heart';
import type { Ohif } from './ohif';
import { HeartPanel } from './panel';

let heart: Heart;

/** A React element made by hand: OHIF does not share its React, and a custom element needs no more of it. */
const element = (type: string) => ({
  $$typeof: Symbol.for('react.element'),
  type,
  key: null,
  ref: null,
  props: {},
  _owner: null,
  _store: {},
});

export const extension = {
  id: 'radloop',
  preRegistration(ohif: Ohif) {
    heart = new Heart(ohif);
    HeartPanel.heart = heart;
    if (!customElements.get('radloop-heart')) customElements.define('radloop-heart', HeartPanel);
  },
  getSopClassHandlerModule: (ohif: Ohif) => [cineHandler(ohif, () => heart.cases)],
  getHangingProtocolModule: () => [{ name: 'radloop', protocol: hangingProtocol }],
  getPanelModule: () => [
    { name: 'heart', iconName: 'tab-linear', iconLabel: 'Heart', label: 'Heart', component: () => element('radloop-heart') },
  ],
};

/** Before the viewer makes anything of the studies' series: which of them are cines? */
export async function enter(studies: string[]): Promise<void> {
  await heart.find(studies);
  // Not awaited: the model and the viewer work at the same time.
  if (heart.cases.length) void heart.begin(heart.cases[0]);
}

export function leave(): void {
  heart.put();
}
