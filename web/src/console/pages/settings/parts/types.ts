import type { Schemas, With } from "../../../api/types";

/** Open windows by kind of day, `"9:00-20:00"`; null is closed. */
export interface WeekHours {
  weekdays: string | null;
  saturday: string | null;
  sunday: string | null;
  holidays: string | null;
  eves?: string | null;
}

/** `ShopSettings` of the core. What is absent is not set. */
export interface ShopSettings {
  name: string;
  from_email: string;
  reply_to?: string | null;
  seller: {
    legal_name: string;
    address: string;
    email: string;
    phone: string;
    vat_number: string;
    rea: string;
    share_capital?: string | null;
    adr?: string | null;
  };
  live_since?: string | null;
  locale: string;
  register: "tu" | "lei";
  time_zone: string;
  currency: string;
  storefront_url?: string | null;
  logo_url?: string | null;
  terms_url?: string | null;
  privacy_url?: string | null;
  accent?: string | null;
  left_to_platform?: string[];
  platform_notices_declared?: boolean;
  similarity_groups?: Record<string, string>;
  soft_spam_months: number;
  tracking_open_default: "off" | "aggregate";
  tracking_click_default: "off" | "aggregate";
  quiet_hours: {
    promo_message: WeekHours;
    promo_call: WeekHours;
    service_message: WeekHours;
    marketing_email: WeekHours;
  };
  caps: {
    email_per_7_days: number;
    sms_per_30_days: number;
    push_per_7_days: number;
    all_per_7_days: number;
  };
  mix: { promo_percent_max: number; window_days: number };
  sunset_months: number;
  coupon_prefix: string;
  products_on_page: boolean;
  pages_domain?: string | null;
  hold: {
    actions: string[];
    payer: "shop" | "buyer";
    price_words?: string | null;
    close_hours: number;
  };
  dispatch?: { province?: string | null; saturdays: string[] };
}

/** What the law fixes. */
export type Locked = Schemas["LockedField"];

/** `GET /shop` */
export type Shop = With<Schemas["ShopSheet"], { settings: ShopSettings }>;

/** `GET /shop/checklist` */
export type Checklist = With<
  Schemas["Checklist"],
  { items: With<Schemas["CheckItem"], { state: "done" | "missing" | "warning" }>[] }
>;

/** Notices that a platform may send itself. */
export const NOTICES = [
  "order_receipt",
  "shipped",
  "out_for_delivery",
  "delivered",
  "abandoned_cart",
] as const;
