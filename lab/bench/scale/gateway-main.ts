import type { LoadOrder } from './load-order.ts';
import { measureLoadedGateway } from './loaded-gateway.ts';

/** A program: measures one loaded gateway in a heap of its own. Its argument is a `LoadOrder`, what it prints a `LoadedGateway`, in JSON. */
const [text = ''] = process.argv.slice(2);
process.stdout.write(`${JSON.stringify(measureLoadedGateway(JSON.parse(text) as LoadOrder))}\n`);
