/**
 * A server that asks for TLS to Redis never gets plaintext.
 * Reads: sessionStorage.tls (ToolHive v0.62.0), and what the operator wrote into the RunConfig.
 * Allows: an operator that carries it; we cannot, because we cannot mount the CA.
 */
import type { Server } from '../toolhive/types.ts';
import type { Finding, Rule } from './finding.ts';
import { redisOf } from './session-storage.ts';

export const wantsTls = (server: Server): boolean => redisOf(server)?.tls === true;

export const REDIS_TLS_UNSUPPORTED: Finding = {
	id: 'redis-tls-unsupported',
	field: 'spec.sessionStorage.tls',
	message: 'this operator does not carry it to the proxy',
};

export const redisTlsUnsupported: Rule = ({ server, surroundings: { runConfig } }) =>
	wantsTls(server) && runConfig !== undefined && !runConfig.redisTls ? REDIS_TLS_UNSUPPORTED : undefined;
