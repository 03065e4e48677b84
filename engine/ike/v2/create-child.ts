import { beginNewChild, beginRekeyChild } from './begin-create-child.ts';
import { concludeCreateChild } from './conclude-create-child.ts';
import { CREATE_CHILD } from './create-child-table.ts';
import type { Initiator } from './exchange.ts';

export const newChild: Initiator<'newChild'> = {
  table: CREATE_CHILD,
  kind: 'newChild',
  begin: beginNewChild,
  conclude: (sa, { task }, response, world) => concludeCreateChild(sa, task, response, world),
};

export const rekeyChild: Initiator<'rekeyChild'> = {
  table: CREATE_CHILD,
  kind: 'rekeyChild',
  begin: beginRekeyChild,
  conclude: (sa, { task }, response, world) => concludeCreateChild(sa, task, response, world),
};
