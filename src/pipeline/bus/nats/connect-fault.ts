import { ErrorCode, NatsError } from 'nats';
import type { BrokerAddress } from './address.js';
import { HafError } from '../../core/errors.js';

/** What is wrong with a server's certificate, by the code of Node's TLS. */
const certificateFaults: Readonly<Record<string, readonly [what: string, fix: string]>> = {
  CERT_HAS_EXPIRED: [
    'has a certificate that has expired',
    'Renew it (docs/security.md, "Renewing certificates"); if it is new, check the clock of this machine.',
  ],
  CERT_NOT_YET_VALID: [
    'has a certificate that is not valid yet',
    'Check the clock of this machine; otherwise make a new certificate (docs/security.md).',
  ],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    'has a certificate for another host',
    'Use one of the names in the certificate, or make one for this name: haf-pipeline security init DIR --tls --host NAME',
  ],
};

const unknownAuthority = [
  'has a certificate of an authority that is not known here',
  'Give the authority\'s certificate: --tlsca ca.pem (written by "haf-pipeline security init" next to the server\'s).',
] as const;
const unknownAuthorityCodes = [
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
];

const refusals: readonly string[] = [
  ErrorCode.AuthorizationViolation,
  ErrorCode.BadAuthentication,
  ErrorCode.AuthenticationExpired,
  ErrorCode.AuthenticationTimeout,
  ErrorCode.AccountExpired,
  ErrorCode.BadCreds,
];

/** The error of a failed first connection, with the remedy. */
export function connectFault(thrown: unknown, address: BrokerAddress): HafError {
  const where = `${address.servers.join(', ')} (${address.origin})`;
  const fault = (
    code: 'HAF_BROKER_UNREACHABLE' | 'HAF_BROKER_REFUSED',
    what: string,
    fix: string,
  ): HafError =>
    new HafError(code, `The broker at ${where} ${what}.`, fix, {
      cause: thrown,
      context: { servers: address.servers },
    });
  const codes = codesOf(thrown);
  const known = codes.map((code) => certificateFaults[code]).find(Boolean);
  if (known) return fault('HAF_BROKER_REFUSED', ...known);
  if (codes.some((code) => unknownAuthorityCodes.includes(code)))
    return fault('HAF_BROKER_REFUSED', ...unknownAuthority);
  if (codes.some((code) => refusals.includes(code)))
    return address.auth.kind === 'none'
      ? fault(
          'HAF_BROKER_REFUSED',
          'requires credentials',
          'Give the credentials of your role: --creds FILE.',
        )
      : fault(
          'HAF_BROKER_REFUSED',
          'does not accept these credentials',
          'Use the file that was made for this broker (--creds FILE); they may have been replaced or have expired.',
        );
  if (codes.includes(ErrorCode.ServerOptionNotAvailable))
    return fault(
      'HAF_BROKER_REFUSED',
      'does not offer TLS',
      'Turn TLS on in its configuration, or use a nats:// address without --tlsca if that is what you want.',
    );
  const why =
    codes.includes('ENOTFOUND') || codes.includes('EAI_AGAIN') ? 'has a name that is not known' : null;
  const silent = codes.includes(ErrorCode.ConnectionTimeout) || codes.includes(ErrorCode.Timeout);
  return fault(
    'HAF_BROKER_UNREACHABLE',
    why ?? (silent ? 'does not answer' : `cannot be reached: ${messageOf(thrown)}`),
    'Check host and port, and that a NATS server runs there. "haf-pipeline broker --listen HOST" starts one and prints its address.',
  );
}

/** The codes of an error and of its causes, outermost first. */
function codesOf(thrown: unknown): string[] {
  if (!(thrown instanceof Error)) return [];
  const { code } = thrown as NodeJS.ErrnoException;
  const inner = thrown instanceof NatsError ? thrown.chainedError : thrown.cause;
  return [...(code === undefined ? [] : [code]), ...codesOf(inner)];
}

const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
