/**
 * Ensures that a server with TLS to Redis never gets a plaintext connection. Only the operator (ToolHive v0.55.1) can
 * write `sessionStorage.tls` into the configuration, because only the operator can mount the CA.
 */
import type { Server } from '../api/types.ts';
import type { Check, ConfigSubject, Text } from './finding.ts';
import { redisOf } from './session-storage.ts';

export const wantsTls = (server: Server): boolean => redisOf(server)?.tls === true;

export const redisTlsUnsupported: Check = ({ server, clusterContext: { runConfig } }) =>
	wantsTls(server) && runConfig !== undefined && !runConfig.redisTls ? UNSUPPORTED : undefined;

export const redisTlsNotWritten = ({ server, hasTls }: ConfigSubject): Text | undefined =>
	wantsTls(server) && !hasTls ? UNSUPPORTED : undefined;

const UNSUPPORTED: Text = { field: 'spec.sessionStorage.tls', message: 'this operator does not pass tls to the proxy' };
