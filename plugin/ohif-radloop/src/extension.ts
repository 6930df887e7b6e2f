/** The extension: what OHIF asks of radloop. */

import { Chest } from './chest';
import { ChestPanel } from './chestpanel';
import { HANDLER as CINE, cineHandler } from './cineset';
import { HANDLER as FILM, filmHandler } from './filmset';
import { oneStack } from './hanging';
import { Heart } from './heart';
import type { Ohif } from './ohif';
import { HeartPanel } from './panel';

let heart: Heart;
let chest: Chest;

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

const panel = (name: string, label: string) => ({
  name,
  iconName: 'tab-linear',
  iconLabel: label,
  label,
  component: () => element(`radloop-${name}`),
});

export const extension = {
  id: 'radloop',
  preRegistration(ohif: Ohif) {
    heart = HeartPanel.heart = new Heart(ohif);
    chest = ChestPanel.chest = new Chest(ohif);
    if (!customElements.get('radloop-heart')) customElements.define('radloop-heart', HeartPanel);
    if (!customElements.get('radloop-chest')) customElements.define('radloop-chest', ChestPanel);
  },
  getSopClassHandlerModule: (ohif: Ohif) => [
    cineHandler(ohif, () => heart.cases),
    filmHandler(ohif, () => chest.films),
  ],
  getHangingProtocolModule: () => [
    { name: 'radloop', protocol: oneStack('radloop', CINE) },
    { name: 'radloop-chest', protocol: oneStack('radloop-chest', FILM) },
  ],
  getPanelModule: () => [panel('heart', 'Heart'), panel('chest', 'Chest X-ray')],
};

/** Before the viewer makes anything of the studies' series: which of them are ours? */
export async function enterHeart(studies: string[]): Promise<void> {
  await heart.find(studies);
  // Not awaited: the model and the viewer work at the same time.
  if (heart.cases.length) void heart.begin(heart.cases[0]);
}

export async function enterChest(studies: string[]): Promise<void> {
  await chest.find(studies);
  if (chest.films.length) void chest.begin(chest.films[0]);
}

export const leaveHeart = (): void => heart.put();
export const leaveChest = (): void => chest.put();
