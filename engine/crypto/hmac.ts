export { icv as hmacIcv, icvsEqual } from './icv.ts';
