export { extension } from './extension';
export { chest, heart } from './mode';
