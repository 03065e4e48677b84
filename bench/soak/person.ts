import { spawnSync } from 'node:child_process';
import { userInfo } from 'node:os';

/** As whom labs are started. */
export interface Person {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

export function thisPerson(): Person {
  const { username, uid, gid, homedir } = userInfo();
  return { name: username, uid, gid, home: homedir };
}

/** An account of this machine; null: there is none by that name. Only root may start processes as another. */
export function personNamed(name: string): Person | null {
  const { stdout, status } = spawnSync('getent', ['passwd', name], { encoding: 'utf8' });
  const [user, , uid, gid, , home] = status === 0 ? stdout.trim().split(':') : [];
  if (user === undefined || uid === undefined || gid === undefined || home === undefined) return null;
  return { name: user, uid: Number(uid), gid: Number(gid), home };
}
