import type { Command } from 'commander';
import { type CommandContext, examples, JSON_OPTION } from '../command.ts';
import { DIR_OPTION } from '../pki/arguments.ts';
import { defineIssuing } from '../pki/issuing.ts';
import { defineLooking } from '../pki/looking.ts';
import { defineMaking } from '../pki/make.ts';

const DESCRIPTION =
  'Keys and certificates for IKE: make key pairs, requests and authorities, issue, revoke, publish. All of it is PEM files ' +
  'in one directory, NAME.key.pem (mode 0600), NAME.crt.pem and so on; nothing is overwritten without --force. ' +
  'Simulated labs begin at 2026-01-01: certificates for them have --not-before simulated.';

export function define(command: Command, context: CommandContext): void {
  command
    .description(DESCRIPTION)
    .configureHelp({ showGlobalOptions: true })
    .addOption(DIR_OPTION)
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples([
        'lab pki self-signed alice --key rsa2048 --subject "C=US, O=AliceTech Inc., CN=AliceTech VPN"',
        'lab pki ca charles --subject "CN=Charles CA, O=Lab"',
        'lab pki issue alice --ca charles --alt alice.lab',
        'lab pki revoke alice --ca charles && lab pki crl charles',
        'lab pki verify alice --revocation strict',
      ]),
    );
  defineMaking(command, context);
  defineIssuing(command, context);
  defineLooking(command, context);
}
