export { extension } from './extension';
export { mode } from './mode';
