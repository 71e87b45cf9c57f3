// The shapes of the API under the names that the console uses.
import type { components } from "./schema";

type S = components["schemas"];

export type Incident = S["IncidentOut"];
export type Alert = S["AlertOut"];
export type Delivery = S["DeliveryOut"];
export type Revealed = S["RevealedOut"];
export type Household = S["HouseholdOut"];
export type Entry = S["EntryOut"];
export type Device = S["DeviceOut"];
export type Tried = S["RuleTriedOut"];
export type Backtest = S["BacktestOut"];
export type Plan = S["PlanOut"];
export type PlanWithSpots = S["PlanWithSpotsOut"];
export type Place = S["PlaceOut"];
export type Post = S["PostOut"];
export type Session = S["SessionOut"];
export type Fleet = S["FleetOut"];
export type Ready = S["ReadyOut"];
export type Channel = S["ChannelOut"];
export type Gap = S["GapOut"];
export type DutyCard = S["DutyCardOut"];
export type Watch = S["WatchOut"];
export type StandIn = S["StandInOut"];
export type Stray = S["StrayDeviceOut"];
export type Commissioning = S["CommissioningOut"];
export type Visit = S["VisitOut"];
export type Imported = S["ImportOut"];
export type MakerLabel = S["LabelOut"];
export type Exercise = S["ExerciseOut"];
export type Handover = S["HandoverOut"];
export type Shift = S["ShiftReportOut"];
export type Hold = S["HoldOut"];
export type Told = S["CoveredOut"];
export type Explanations = S["ExplanationsOut"];
export type AlarmFigures = S["AlarmFiguresOut"];
export type ResponseReport = S["ResponseOut"];
export type Answered = S["AnsweredOut"];
export type Rule = S["RuleOut"];
export type RosterGrid = S["GridOut"];
export type RosterCell = S["CellOut"];
export type RosterChanges = Required<Omit<S["ChangesIn"], "add">> & { add: Required<S["StandInIn"]>[] };
export type RosterChanged = S["ChangesOut"];
export type Transfer = S["TransferOut"];
export type ZoneCover = S["DutyZoneOut"];
export type Patrol = S["PatrolOut"];
export type Scanned = S["ScanOut"];
export type ZoneMoved = S["MovedOut"];
export type ZonePeopleChanged = S["PeopleOut"];
export type ShiftsSent = S["ShiftsIn"];
export type ShiftsChanged = S["ShiftsOut"];
export type Swap = S["SwapOut"];
export type Card = S["CardOut"];
export type Checklist = S["ChecklistOut"];
export type ChecklistItem = S["ItemOut"];
export type Listed = S["ListedOut"];
export type Script = S["ScriptOut"];
export type Headcount = S["HeadcountOut"];
export type Head = S["HeadOut"];
export type OwnShifts = S["OwnShiftsOut"];
export type OwnShift = S["OwnShiftOut"];
export type Words = Record<string, string>;
export type IncidentClass = Incident["class"];

/** One event of the stream: a fact of the journal, without names. */
export interface Fact {
  seq: number;
  at: string;
  kind: string;
  actor: string;
  incident: string | null;
  alert: string | null;
  device: string | null;
  place: string | null;
  body: Record<string, unknown>;
}
