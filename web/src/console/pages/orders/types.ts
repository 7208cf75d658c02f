/** What the API says about orders and parcels. */

import type { Money, Schemas, With } from "../../api/types";
import type { MessageRow } from "../messages/types";

export const STANDINGS = ["open", "shipped", "trouble", "delivered", "cancelled"] as const;
export type Standing = (typeof STANDINGS)[number];

export interface ParcelBrief {
  seq: number;
  carrier: string | null;
  number: string | null;
  state: string;
  at: string | null;
  it: string;
  en: string;
}

export interface OrderRow {
  id: string;
  external_id: string;
  number: string;
  placed_at: string;
  standing: Standing;
  total: Money;
  payment: string;
  customer: { id: string; name: string | null; email: string | null } | null;
  province: string | null;
  test?: boolean;
  items: number;
  parcels: ParcelBrief[];
}

export type Checkpoint = Schemas["CheckpointShape"];
export type Hold = Schemas["HoldShape"] & { address?: PostalAddress | null };
export type ParcelAsk = Schemas["AskShape"];
export type Reported = Schemas["ReportedShape"];
export type ParcelFull = With<Schemas["ParcelShape"], { holds: Hold[] }>;

/** What a courier can be told to do with a held parcel. */
export const HOLD_ACTIONS = ["redeliver", "other_address", "collect", "send_back"] as const;
export type HoldAction = (typeof HOLD_ACTIONS)[number];

export interface OrderLine {
  id: string;
  title: string;
  variant?: string | null;
  sku?: string | null;
  quantity: number;
  unit_price: Money;
  url?: string | null;
}

export interface PostalAddress {
  name?: string | null;
  company?: string | null;
  street?: string | null;
  extra?: string | null;
  postal_code?: string | null;
  city?: string | null;
  province?: string | null;
  country?: string | null;
}

/** The shop platform's word about an order. */
export interface OrderSnapshot {
  external_id: string;
  number: string;
  placed_at: string;
  lines: OrderLine[];
  subtotal?: Money | null;
  discount?: Money | null;
  shipping?: Money | null;
  total: Money;
  refunded?: Money | null;
  payment?: string;
  payment_method?: string | null;
  cash_on_delivery?: boolean;
  cancelled_at?: string | null;
  ship_to?: PostalAddress | null;
  shipping_method?: string | null;
  promised_on?: string | null;
  discount_codes?: string[];
  test?: boolean;
}

export interface OrderDetail extends OrderSnapshot {
  id: string;
  standing: Standing;
  customer: { id: string; name: string | null; email: string | null } | null;
  parcels: ParcelFull[];
  problems: Reported[];
  returns: { external_id: string; state: string; at: string; it: string; en: string }[];
  messages: MessageRow[];
  page_url: string;
  page_goods?: { shown: boolean; why: string; it: string; en: string };
}
