import type { IkeEffects } from '../../engine/ike/daemon.ts';
import type { NodeCommand } from '../../engine/node/node.ts';
import { isakmpBodyOf } from '../../engine/wire/isakmp/payload-body.ts';
import { IsakmpNotify, IsakmpProtocol } from '../../engine/wire/isakmp/registry.ts';
import { IpsecAttribute, OakleyAttribute } from '../../engine/wire/isakmp/registry-attributes.ts';
import { ikeDaemonSubject, ikeEffectsSubject, type InstalledSa } from './build-ike-effects.ts';
import {
  type ChoosesV1,
  each,
  eachTransform,
  isInformational,
  isNotify,
  isPhase1,
  isQuickMode,
  v1ConnectionSubject,
  v1Hears,
  v1Incoming,
  v1Outgoing,
  v1SilentAbout,
  v1TraitsSubject,
} from './build-ikev1.ts';
import type { Subject } from './subject.ts';

const isPhase2: ChoosesV1 = header => isQuickMode(header) || isInformational(header);

/** Those that do one thing wrong with how long SAs live, and when they are ready: RFC 2407 §4.5, RFC 2408 §3.1 and §3.15. */
export const BROKEN_IKEV1_LIFETIMES: readonly Subject[] = [
  v1TraitsSubject('v1-no-commit-bit', 'never sets the Commit bit', { commitBit: false }),
  v1SilentAbout('v1-never-connected', 'never says CONNECTED', IsakmpNotify.CONNECTED),
  v1Incoming('v1-overlooks-commit-bits', 'does not wait for CONNECTED', message => ({
    ...message,
    wantsCommit: false,
  })),
  v1ConnectionSubject('v1-never-rekeys', 'makes no SA in the place of another', connection => ({
    ...connection,
    children: connection.children.map(child => ({ ...child, rekey: { seconds: null, octets: null, packets: null } })),
  })),
  v1ConnectionSubject('v1-phase-1-for-ever', 'makes no ISAKMP SA in the place of another', connection => ({
    ...connection,
    rekeySeconds: 0,
  })),
  ikeEffectsSubject('v1-drops-old-sas-at-once', 'takes nothing by an SA that has been replaced', () => {
    let last: InstalledSa | null = null;
    return {
      command: command => {
        if (command.kind !== 'installSa' || command.sa.direction !== 'inbound') return [command];
        const old = last;
        last = command.sa;
        return old === null ? [command] : [command, removal(old)];
      },
    };
  }),
  v1Outgoing('v1-silent-about-deletes', 'does not say what it deletes', message =>
    isInformational(message) && message.payloads.some(({ type }) => type === 'D') ? null : message,
  ),
  v1Hears('v1-deaf-to-lifetimes', 'hears nothing of RESPONDER-LIFETIME', isPhase2, all =>
    all.filter(it => !isNotify(it, IsakmpNotify['RESPONDER-LIFETIME'])),
  ),
  forgetting('v1-forgets-lifetimes', 'forgets how long an SA may live', isQuickMode, [
    IpsecAttribute.SA_LIFE_TYPE,
    IpsecAttribute.SA_LIFE_DURATION,
  ]),
  forgetting('v1-forgets-isakmp-lifetimes', 'forgets how long an ISAKMP SA may live', isPhase1, [
    OakleyAttribute.LIFE_TYPE,
    OakleyAttribute.LIFE_DURATION,
  ]),
  v1Hears('v1-deletes-for-any-protocol', 'does not look at the protocol of a Delete', isInformational, all =>
    each(all, 'D', it => (it.protocolId === IsakmpProtocol.ISAKMP ? it : { ...it, protocolId: IsakmpProtocol.ESP })),
  ),
  v1Hears('v1-deletes-the-first', 'deletes the first of several SAs', isInformational, all =>
    each(all, 'D', it => ({ ...it, spis: it.spis.slice(0, 1) })),
  ),
  ikeDaemonSubject('v1-sas-go-along', 'lets SAs go with the ISAKMP SA that has made them', () => daemon => {
    const installed: InstalledSa[] = [];
    const watched = (effects: IkeEffects): IkeEffects => {
      installed.push(...effects.commands.flatMap(command => (command.kind === 'installSa' ? [command.sa] : [])));
      const isClosed = effects.events.some(({ kind }) => kind === 'ikeDeleted');
      return isClosed ? { ...effects, commands: [...effects.commands, ...installed.splice(0).map(removal)] } : effects;
    };
    return {
      ...daemon,
      receive: (datagrams, now) => watched(daemon.receive(datagrams, now)),
      wake: now => watched(daemon.wake(now)),
      command: (command, now) => watched(daemon.command(command, now)),
    };
  }),
];

function removal({ spi, direction, protocol = 'esp', source, destination }: InstalledSa): NodeCommand {
  return { kind: 'deleteSa', spi, direction, only: { protocol, source, destination } };
}

/** Hears nothing of these attributes of an offer, whose octets stay what both ends authenticate. */
function forgetting(name: string, fault: string, chooses: ChoosesV1, types: readonly number[]): Subject {
  return v1Hears(name, fault, chooses, all =>
    each(all, 'SA', sa => {
      const left = eachTransform(sa, it => ({
        ...it,
        attributes: it.attributes.filter(({ type }) => !types.includes(type)),
      }));
      return { ...left, octets: isakmpBodyOf(sa) };
    }),
  );
}
