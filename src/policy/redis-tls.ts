/**
 * A server that asks for TLS to Redis never gets plaintext.
 * Reads: sessionStorage.tls (ToolHive v0.62.0), and what the operator wrote into the RunConfig.
 * Allows: an operator that carries it; we cannot, because we cannot mount the CA.
 */
import type { Server } from '../api/types.ts';
import type { Check, ConfigSubject, Text } from './finding.ts';
import { redisOf } from './session-storage.ts';

export const wantsTls = (server: Server): boolean => redisOf(server)?.tls === true;

export const redisTlsUnsupported: Check = ({ server, surroundings: { runConfig } }) =>
	wantsTls(server) && runConfig !== undefined && !runConfig.redisTls ? UNSUPPORTED : undefined;

export const redisTlsNotWritten = ({ server, hasTls }: ConfigSubject): Text | undefined =>
	wantsTls(server) && !hasTls ? UNSUPPORTED : undefined;

const UNSUPPORTED: Text = {
	field: 'spec.sessionStorage.tls',
	message: 'this operator does not carry it to the proxy',
};
