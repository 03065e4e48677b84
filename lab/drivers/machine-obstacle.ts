/** What a driver needs of the machine and does not find. The top levels of the command line and of the supervisor tell it to the user. */
export class MachineObstacle extends Error {
  /** What the user can do about it; null: nothing. */
  readonly fix: string | null;

  constructor(message: string, fix: string | null) {
    super(message);
    this.name = 'MachineObstacle';
    this.fix = fix;
  }
}
