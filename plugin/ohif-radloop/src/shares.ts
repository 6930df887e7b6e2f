/** Probabilities as people read them, and what they mean. No DOM. */

import type { Classification } from './answers';

/** Nothing is certain: what would be rounded to 0 or 100 % is said to be below or above. */
export function share(probability: number): string {
  const percent = Math.round(100 * probability);
  if (percent === 0) return '< 1 %';
  if (percent === 100) return '> 99 %';
  return `${percent} %`;
}

/** What the figures are calibrated for, and where the label comes from. */
export function meaning({ positive, prior, threshold }: Classification): string {
  if (positive === null || prior === null || threshold === null)
    return 'Calibrated as if all classes were equally frequent: of films with 70 % for a class, about 70 in 100 are then of it. The most probable class is named.';
  const among = Math.round(100 * prior);
  return (
    `Calibrated for a place where ${among} of 100 films show ${positive}: of those with 70 %, about 70 in 100 then do. ` +
    `Where it is rarer, the true share is lower, and higher where it is more frequent. ` +
    `${positive[0].toUpperCase()}${positive.slice(1)} is named from ${share(threshold)} on.`
  );
}
