//! The dictionary as tables. Made by `cargo xtask codegen` from fix-specs/FIX44.xml: do not edit.
#![allow(missing_docs)]

use crate::fix::dictionary::{Bits, DataType, FieldInfo, Layout, MessageInfo, NO_FIELD, Place};

/// The tag of every field.
pub mod tag {
    pub const ACCOUNT: u32 = 1;
    pub const AVG_PX: u32 = 6;
    pub const BEGIN_SEQ_NO: u32 = 7;
    pub const BEGIN_STRING: u32 = 8;
    pub const BODY_LENGTH: u32 = 9;
    pub const CHECK_SUM: u32 = 10;
    pub const CL_ORD_ID: u32 = 11;
    pub const COMMISSION: u32 = 12;
    pub const COMM_TYPE: u32 = 13;
    pub const CUM_QTY: u32 = 14;
    pub const CURRENCY: u32 = 15;
    pub const END_SEQ_NO: u32 = 16;
    pub const EXEC_ID: u32 = 17;
    pub const EXEC_INST: u32 = 18;
    pub const EXEC_REF_ID: u32 = 19;
    pub const HANDL_INST: u32 = 21;
    pub const SECURITY_ID_SOURCE: u32 = 22;
    pub const IOIID: u32 = 23;
    pub const LAST_CAPACITY: u32 = 29;
    pub const LAST_MKT: u32 = 30;
    pub const LAST_PX: u32 = 31;
    pub const LAST_QTY: u32 = 32;
    pub const MSG_SEQ_NUM: u32 = 34;
    pub const MSG_TYPE: u32 = 35;
    pub const NEW_SEQ_NO: u32 = 36;
    pub const ORDER_ID: u32 = 37;
    pub const ORDER_QTY: u32 = 38;
    pub const ORD_STATUS: u32 = 39;
    pub const ORD_TYPE: u32 = 40;
    pub const ORIG_CL_ORD_ID: u32 = 41;
    pub const POSS_DUP_FLAG: u32 = 43;
    pub const PRICE: u32 = 44;
    pub const REF_SEQ_NUM: u32 = 45;
    pub const SECURITY_ID: u32 = 48;
    pub const SENDER_COMP_ID: u32 = 49;
    pub const SENDER_SUB_ID: u32 = 50;
    pub const SENDING_TIME: u32 = 52;
    pub const SIDE: u32 = 54;
    pub const SYMBOL: u32 = 55;
    pub const TARGET_COMP_ID: u32 = 56;
    pub const TARGET_SUB_ID: u32 = 57;
    pub const TEXT: u32 = 58;
    pub const TIME_IN_FORCE: u32 = 59;
    pub const TRANSACT_TIME: u32 = 60;
    pub const SETTL_TYPE: u32 = 63;
    pub const SETTL_DATE: u32 = 64;
    pub const SYMBOL_SFX: u32 = 65;
    pub const LIST_ID: u32 = 66;
    pub const ALLOC_ID: u32 = 70;
    pub const TRADE_DATE: u32 = 75;
    pub const POSITION_EFFECT: u32 = 77;
    pub const NO_ALLOCS: u32 = 78;
    pub const ALLOC_ACCOUNT: u32 = 79;
    pub const ALLOC_QTY: u32 = 80;
    pub const PROCESS_CODE: u32 = 81;
    pub const SIGNATURE: u32 = 89;
    pub const SECURE_DATA_LEN: u32 = 90;
    pub const SECURE_DATA: u32 = 91;
    pub const SIGNATURE_LENGTH: u32 = 93;
    pub const RAW_DATA_LENGTH: u32 = 95;
    pub const RAW_DATA: u32 = 96;
    pub const POSS_RESEND: u32 = 97;
    pub const ENCRYPT_METHOD: u32 = 98;
    pub const STOP_PX: u32 = 99;
    pub const EX_DESTINATION: u32 = 100;
    pub const CXL_REJ_REASON: u32 = 102;
    pub const ORD_REJ_REASON: u32 = 103;
    pub const ISSUER: u32 = 106;
    pub const SECURITY_DESC: u32 = 107;
    pub const HEART_BT_INT: u32 = 108;
    pub const MIN_QTY: u32 = 110;
    pub const MAX_FLOOR: u32 = 111;
    pub const TEST_REQ_ID: u32 = 112;
    pub const REPORT_TO_EXCH: u32 = 113;
    pub const LOCATE_REQD: u32 = 114;
    pub const ON_BEHALF_OF_COMP_ID: u32 = 115;
    pub const ON_BEHALF_OF_SUB_ID: u32 = 116;
    pub const QUOTE_ID: u32 = 117;
    pub const NET_MONEY: u32 = 118;
    pub const SETTL_CURR_AMT: u32 = 119;
    pub const SETTL_CURRENCY: u32 = 120;
    pub const FOREX_REQ: u32 = 121;
    pub const ORIG_SENDING_TIME: u32 = 122;
    pub const GAP_FILL_FLAG: u32 = 123;
    pub const EXPIRE_TIME: u32 = 126;
    pub const DELIVER_TO_COMP_ID: u32 = 128;
    pub const DELIVER_TO_SUB_ID: u32 = 129;
    pub const NO_MISC_FEES: u32 = 136;
    pub const MISC_FEE_AMT: u32 = 137;
    pub const MISC_FEE_CURR: u32 = 138;
    pub const MISC_FEE_TYPE: u32 = 139;
    pub const PREV_CLOSE_PX: u32 = 140;
    pub const RESET_SEQ_NUM_FLAG: u32 = 141;
    pub const SENDER_LOCATION_ID: u32 = 142;
    pub const TARGET_LOCATION_ID: u32 = 143;
    pub const ON_BEHALF_OF_LOCATION_ID: u32 = 144;
    pub const DELIVER_TO_LOCATION_ID: u32 = 145;
    pub const NO_RELATED_SYM: u32 = 146;
    pub const EXEC_TYPE: u32 = 150;
    pub const LEAVES_QTY: u32 = 151;
    pub const CASH_ORDER_QTY: u32 = 152;
    pub const SETTL_CURR_FX_RATE: u32 = 155;
    pub const SETTL_CURR_FX_RATE_CALC: u32 = 156;
    pub const NUM_DAYS_INTEREST: u32 = 157;
    pub const ACCRUED_INTEREST_RATE: u32 = 158;
    pub const ACCRUED_INTEREST_AMT: u32 = 159;
    pub const SECURITY_TYPE: u32 = 167;
    pub const EFFECTIVE_TIME: u32 = 168;
    pub const ORDER_QTY2: u32 = 192;
    pub const SETTL_DATE2: u32 = 193;
    pub const LAST_SPOT_RATE: u32 = 194;
    pub const LAST_FORWARD_POINTS: u32 = 195;
    pub const SECONDARY_ORDER_ID: u32 = 198;
    pub const MATURITY_MONTH_YEAR: u32 = 200;
    pub const PUT_OR_CALL: u32 = 201;
    pub const STRIKE_PRICE: u32 = 202;
    pub const COVERED_OR_UNCOVERED: u32 = 203;
    pub const OPT_ATTRIBUTE: u32 = 206;
    pub const SECURITY_EXCHANGE: u32 = 207;
    pub const MAX_SHOW: u32 = 210;
    pub const PEG_OFFSET_VALUE: u32 = 211;
    pub const XML_DATA_LEN: u32 = 212;
    pub const XML_DATA: u32 = 213;
    pub const SPREAD: u32 = 218;
    pub const BENCHMARK_CURVE_CURRENCY: u32 = 220;
    pub const BENCHMARK_CURVE_NAME: u32 = 221;
    pub const BENCHMARK_CURVE_POINT: u32 = 222;
    pub const COUPON_RATE: u32 = 223;
    pub const COUPON_PAYMENT_DATE: u32 = 224;
    pub const ISSUE_DATE: u32 = 225;
    pub const REPURCHASE_TERM: u32 = 226;
    pub const REPURCHASE_RATE: u32 = 227;
    pub const FACTOR: u32 = 228;
    pub const TRADE_ORIGINATION_DATE: u32 = 229;
    pub const EX_DATE: u32 = 230;
    pub const CONTRACT_MULTIPLIER: u32 = 231;
    pub const NO_STIPULATIONS: u32 = 232;
    pub const STIPULATION_TYPE: u32 = 233;
    pub const STIPULATION_VALUE: u32 = 234;
    pub const YIELD_TYPE: u32 = 235;
    pub const YIELD: u32 = 236;
    pub const TOTAL_TAKEDOWN: u32 = 237;
    pub const CONCESSION: u32 = 238;
    pub const REPO_COLLATERAL_SECURITY_TYPE: u32 = 239;
    pub const REDEMPTION_DATE: u32 = 240;
    pub const UNDERLYING_COUPON_PAYMENT_DATE: u32 = 241;
    pub const UNDERLYING_ISSUE_DATE: u32 = 242;
    pub const UNDERLYING_REPO_COLLATERAL_SECURITY_TYPE: u32 = 243;
    pub const UNDERLYING_REPURCHASE_TERM: u32 = 244;
    pub const UNDERLYING_REPURCHASE_RATE: u32 = 245;
    pub const UNDERLYING_FACTOR: u32 = 246;
    pub const UNDERLYING_REDEMPTION_DATE: u32 = 247;
    pub const LEG_COUPON_PAYMENT_DATE: u32 = 248;
    pub const LEG_ISSUE_DATE: u32 = 249;
    pub const LEG_REPO_COLLATERAL_SECURITY_TYPE: u32 = 250;
    pub const LEG_REPURCHASE_TERM: u32 = 251;
    pub const LEG_REPURCHASE_RATE: u32 = 252;
    pub const LEG_FACTOR: u32 = 253;
    pub const LEG_REDEMPTION_DATE: u32 = 254;
    pub const CREDIT_RATING: u32 = 255;
    pub const UNDERLYING_CREDIT_RATING: u32 = 256;
    pub const LEG_CREDIT_RATING: u32 = 257;
    pub const TRADED_FLAT_SWITCH: u32 = 258;
    pub const BASIS_FEATURE_DATE: u32 = 259;
    pub const BASIS_FEATURE_PRICE: u32 = 260;
    pub const SUBSCRIPTION_REQUEST_TYPE: u32 = 263;
    pub const UNDERLYING_SECURITY_ID_SOURCE: u32 = 305;
    pub const UNDERLYING_ISSUER: u32 = 306;
    pub const UNDERLYING_SECURITY_DESC: u32 = 307;
    pub const UNDERLYING_SECURITY_EXCHANGE: u32 = 308;
    pub const UNDERLYING_SECURITY_ID: u32 = 309;
    pub const UNDERLYING_SECURITY_TYPE: u32 = 310;
    pub const UNDERLYING_SYMBOL: u32 = 311;
    pub const UNDERLYING_SYMBOL_SFX: u32 = 312;
    pub const UNDERLYING_MATURITY_MONTH_YEAR: u32 = 313;
    pub const UNDERLYING_PUT_OR_CALL: u32 = 315;
    pub const UNDERLYING_STRIKE_PRICE: u32 = 316;
    pub const UNDERLYING_OPT_ATTRIBUTE: u32 = 317;
    pub const UNDERLYING_CURRENCY: u32 = 318;
    pub const SECURITY_REQ_ID: u32 = 320;
    pub const SECURITY_RESPONSE_ID: u32 = 322;
    pub const TRADING_SESSION_ID: u32 = 336;
    pub const CONTRA_TRADER: u32 = 337;
    pub const MESSAGE_ENCODING: u32 = 347;
    pub const ENCODED_ISSUER_LEN: u32 = 348;
    pub const ENCODED_ISSUER: u32 = 349;
    pub const ENCODED_SECURITY_DESC_LEN: u32 = 350;
    pub const ENCODED_SECURITY_DESC: u32 = 351;
    pub const ENCODED_TEXT_LEN: u32 = 354;
    pub const ENCODED_TEXT: u32 = 355;
    pub const ENCODED_UNDERLYING_ISSUER_LEN: u32 = 362;
    pub const ENCODED_UNDERLYING_ISSUER: u32 = 363;
    pub const ENCODED_UNDERLYING_SECURITY_DESC_LEN: u32 = 364;
    pub const ENCODED_UNDERLYING_SECURITY_DESC: u32 = 365;
    pub const LAST_MSG_SEQ_NUM_PROCESSED: u32 = 369;
    pub const REF_TAG_ID: u32 = 371;
    pub const REF_MSG_TYPE: u32 = 372;
    pub const SESSION_REJECT_REASON: u32 = 373;
    pub const CONTRA_BROKER: u32 = 375;
    pub const COMPLIANCE_ID: u32 = 376;
    pub const SOLICITED_FLAG: u32 = 377;
    pub const EXEC_RESTATEMENT_REASON: u32 = 378;
    pub const BUSINESS_REJECT_REF_ID: u32 = 379;
    pub const BUSINESS_REJECT_REASON: u32 = 380;
    pub const GROSS_TRADE_AMT: u32 = 381;
    pub const NO_CONTRA_BROKERS: u32 = 382;
    pub const MAX_MESSAGE_SIZE: u32 = 383;
    pub const NO_MSG_TYPES: u32 = 384;
    pub const MSG_DIRECTION: u32 = 385;
    pub const NO_TRADING_SESSIONS: u32 = 386;
    pub const DISCRETION_INST: u32 = 388;
    pub const DISCRETION_OFFSET_VALUE: u32 = 389;
    pub const TOT_NO_RELATED_SYM: u32 = 393;
    pub const PRICE_TYPE: u32 = 423;
    pub const DAY_ORDER_QTY: u32 = 424;
    pub const DAY_CUM_QTY: u32 = 425;
    pub const DAY_AVG_PX: u32 = 426;
    pub const GT_BOOKING_INST: u32 = 427;
    pub const EXPIRE_DATE: u32 = 432;
    pub const CXL_REJ_RESPONSE_TO: u32 = 434;
    pub const UNDERLYING_COUPON_RATE: u32 = 435;
    pub const UNDERLYING_CONTRACT_MULTIPLIER: u32 = 436;
    pub const CONTRA_TRADE_QTY: u32 = 437;
    pub const CONTRA_TRADE_TIME: u32 = 438;
    pub const MULTI_LEG_REPORTING_TYPE: u32 = 442;
    pub const PARTY_ID_SOURCE: u32 = 447;
    pub const PARTY_ID: u32 = 448;
    pub const PARTY_ROLE: u32 = 452;
    pub const NO_PARTY_I_DS: u32 = 453;
    pub const NO_SECURITY_ALT_ID: u32 = 454;
    pub const SECURITY_ALT_ID: u32 = 455;
    pub const SECURITY_ALT_ID_SOURCE: u32 = 456;
    pub const NO_UNDERLYING_SECURITY_ALT_ID: u32 = 457;
    pub const UNDERLYING_SECURITY_ALT_ID: u32 = 458;
    pub const UNDERLYING_SECURITY_ALT_ID_SOURCE: u32 = 459;
    pub const PRODUCT: u32 = 460;
    pub const CFI_CODE: u32 = 461;
    pub const UNDERLYING_PRODUCT: u32 = 462;
    pub const UNDERLYING_CFI_CODE: u32 = 463;
    pub const TEST_MESSAGE_INDICATOR: u32 = 464;
    pub const INDIVIDUAL_ALLOC_ID: u32 = 467;
    pub const ROUNDING_DIRECTION: u32 = 468;
    pub const ROUNDING_MODULUS: u32 = 469;
    pub const COUNTRY_OF_ISSUE: u32 = 470;
    pub const STATE_OR_PROVINCE_OF_ISSUE: u32 = 471;
    pub const LOCALE_OF_ISSUE: u32 = 472;
    pub const COMM_CURRENCY: u32 = 479;
    pub const CANCELLATION_RIGHTS: u32 = 480;
    pub const MONEY_LAUNDERING_STATUS: u32 = 481;
    pub const TRANS_BKD_TIME: u32 = 483;
    pub const EXEC_PRICE_TYPE: u32 = 484;
    pub const EXEC_PRICE_ADJUSTMENT: u32 = 485;
    pub const DESIGNATION: u32 = 494;
    pub const FUND_RENEW_WAIV: u32 = 497;
    pub const REGIST_ID: u32 = 513;
    pub const EXEC_VALUATION_POINT: u32 = 515;
    pub const ORDER_PERCENT: u32 = 516;
    pub const NO_CONT_AMTS: u32 = 518;
    pub const CONT_AMT_TYPE: u32 = 519;
    pub const CONT_AMT_VALUE: u32 = 520;
    pub const CONT_AMT_CURR: u32 = 521;
    pub const PARTY_SUB_ID: u32 = 523;
    pub const NESTED_PARTY_ID: u32 = 524;
    pub const NESTED_PARTY_ID_SOURCE: u32 = 525;
    pub const SECONDARY_CL_ORD_ID: u32 = 526;
    pub const SECONDARY_EXEC_ID: u32 = 527;
    pub const ORDER_CAPACITY: u32 = 528;
    pub const ORDER_RESTRICTIONS: u32 = 529;
    pub const MASS_CANCEL_REQUEST_TYPE: u32 = 530;
    pub const MASS_CANCEL_RESPONSE: u32 = 531;
    pub const MASS_CANCEL_REJECT_REASON: u32 = 532;
    pub const TOTAL_AFFECTED_ORDERS: u32 = 533;
    pub const NO_AFFECTED_ORDERS: u32 = 534;
    pub const AFFECTED_ORDER_ID: u32 = 535;
    pub const AFFECTED_SECONDARY_ORDER_ID: u32 = 536;
    pub const NESTED_PARTY_ROLE: u32 = 538;
    pub const NO_NESTED_PARTY_I_DS: u32 = 539;
    pub const MATURITY_DATE: u32 = 541;
    pub const UNDERLYING_MATURITY_DATE: u32 = 542;
    pub const INSTR_REGISTRY: u32 = 543;
    pub const CASH_MARGIN: u32 = 544;
    pub const NESTED_PARTY_SUB_ID: u32 = 545;
    pub const CROSS_ID: u32 = 548;
    pub const CROSS_TYPE: u32 = 549;
    pub const ORIG_CROSS_ID: u32 = 551;
    pub const USERNAME: u32 = 553;
    pub const PASSWORD: u32 = 554;
    pub const NO_LEGS: u32 = 555;
    pub const LEG_CURRENCY: u32 = 556;
    pub const SECURITY_LIST_REQUEST_TYPE: u32 = 559;
    pub const SECURITY_REQUEST_RESULT: u32 = 560;
    pub const ROUND_LOT: u32 = 561;
    pub const MIN_TRADE_VOL: u32 = 562;
    pub const LEG_POSITION_EFFECT: u32 = 564;
    pub const LEG_COVERED_OR_UNCOVERED: u32 = 565;
    pub const LEG_PRICE: u32 = 566;
    pub const ACCOUNT_TYPE: u32 = 581;
    pub const CUST_ORDER_CAPACITY: u32 = 582;
    pub const CL_ORD_LINK_ID: u32 = 583;
    pub const MASS_STATUS_REQ_ID: u32 = 584;
    pub const MASS_STATUS_REQ_TYPE: u32 = 585;
    pub const ORIG_ORD_MOD_TIME: u32 = 586;
    pub const LEG_SETTL_TYPE: u32 = 587;
    pub const LEG_SETTL_DATE: u32 = 588;
    pub const DAY_BOOKING_INST: u32 = 589;
    pub const BOOKING_UNIT: u32 = 590;
    pub const PREALLOC_METHOD: u32 = 591;
    pub const UNDERLYING_COUNTRY_OF_ISSUE: u32 = 592;
    pub const UNDERLYING_STATE_OR_PROVINCE_OF_ISSUE: u32 = 593;
    pub const UNDERLYING_LOCALE_OF_ISSUE: u32 = 594;
    pub const UNDERLYING_INSTR_REGISTRY: u32 = 595;
    pub const LEG_COUNTRY_OF_ISSUE: u32 = 596;
    pub const LEG_STATE_OR_PROVINCE_OF_ISSUE: u32 = 597;
    pub const LEG_LOCALE_OF_ISSUE: u32 = 598;
    pub const LEG_INSTR_REGISTRY: u32 = 599;
    pub const LEG_SYMBOL: u32 = 600;
    pub const LEG_SYMBOL_SFX: u32 = 601;
    pub const LEG_SECURITY_ID: u32 = 602;
    pub const LEG_SECURITY_ID_SOURCE: u32 = 603;
    pub const NO_LEG_SECURITY_ALT_ID: u32 = 604;
    pub const LEG_SECURITY_ALT_ID: u32 = 605;
    pub const LEG_SECURITY_ALT_ID_SOURCE: u32 = 606;
    pub const LEG_PRODUCT: u32 = 607;
    pub const LEG_CFI_CODE: u32 = 608;
    pub const LEG_SECURITY_TYPE: u32 = 609;
    pub const LEG_MATURITY_MONTH_YEAR: u32 = 610;
    pub const LEG_MATURITY_DATE: u32 = 611;
    pub const LEG_STRIKE_PRICE: u32 = 612;
    pub const LEG_OPT_ATTRIBUTE: u32 = 613;
    pub const LEG_CONTRACT_MULTIPLIER: u32 = 614;
    pub const LEG_COUPON_RATE: u32 = 615;
    pub const LEG_SECURITY_EXCHANGE: u32 = 616;
    pub const LEG_ISSUER: u32 = 617;
    pub const ENCODED_LEG_ISSUER_LEN: u32 = 618;
    pub const ENCODED_LEG_ISSUER: u32 = 619;
    pub const LEG_SECURITY_DESC: u32 = 620;
    pub const ENCODED_LEG_SECURITY_DESC_LEN: u32 = 621;
    pub const ENCODED_LEG_SECURITY_DESC: u32 = 622;
    pub const LEG_RATIO_QTY: u32 = 623;
    pub const LEG_SIDE: u32 = 624;
    pub const TRADING_SESSION_SUB_ID: u32 = 625;
    pub const NO_HOPS: u32 = 627;
    pub const HOP_COMP_ID: u32 = 628;
    pub const HOP_SENDING_TIME: u32 = 629;
    pub const HOP_REF_ID: u32 = 630;
    pub const CLEARING_FEE_INDICATOR: u32 = 635;
    pub const WORKING_INDICATOR: u32 = 636;
    pub const LEG_LAST_PX: u32 = 637;
    pub const PRIORITY_INDICATOR: u32 = 638;
    pub const PRICE_IMPROVEMENT: u32 = 639;
    pub const PRICE2: u32 = 640;
    pub const LAST_FORWARD_POINTS2: u32 = 641;
    pub const UNDERLYING_LAST_PX: u32 = 651;
    pub const UNDERLYING_LAST_QTY: u32 = 652;
    pub const LEG_REF_ID: u32 = 654;
    pub const CONTRA_LEG_REF_ID: u32 = 655;
    pub const ACCT_ID_SOURCE: u32 = 660;
    pub const ALLOC_ACCT_ID_SOURCE: u32 = 661;
    pub const BENCHMARK_PRICE: u32 = 662;
    pub const BENCHMARK_PRICE_TYPE: u32 = 663;
    pub const CONTRACT_SETTL_MONTH: u32 = 667;
    pub const DELIVERY_FORM: u32 = 668;
    pub const LAST_PAR_PX: u32 = 669;
    pub const LEG_BENCHMARK_CURVE_CURRENCY: u32 = 676;
    pub const LEG_BENCHMARK_CURVE_NAME: u32 = 677;
    pub const LEG_BENCHMARK_CURVE_POINT: u32 = 678;
    pub const LEG_BENCHMARK_PRICE: u32 = 679;
    pub const LEG_BENCHMARK_PRICE_TYPE: u32 = 680;
    pub const NO_LEG_STIPULATIONS: u32 = 683;
    pub const LEG_QTY: u32 = 687;
    pub const LEG_STIPULATION_TYPE: u32 = 688;
    pub const LEG_STIPULATION_VALUE: u32 = 689;
    pub const LEG_SWAP_TYPE: u32 = 690;
    pub const POOL: u32 = 691;
    pub const QUOTE_RESP_ID: u32 = 693;
    pub const YIELD_REDEMPTION_DATE: u32 = 696;
    pub const YIELD_REDEMPTION_PRICE: u32 = 697;
    pub const YIELD_REDEMPTION_PRICE_TYPE: u32 = 698;
    pub const BENCHMARK_SECURITY_ID: u32 = 699;
    pub const YIELD_CALC_DATE: u32 = 701;
    pub const NO_UNDERLYINGS: u32 = 711;
    pub const ALLOC_SETTL_CURRENCY: u32 = 736;
    pub const INTEREST_AT_MATURITY: u32 = 738;
    pub const LEG_DATED_DATE: u32 = 739;
    pub const LEG_POOL: u32 = 740;
    pub const NO_NESTED2_PARTY_I_DS: u32 = 756;
    pub const NESTED2_PARTY_ID: u32 = 757;
    pub const NESTED2_PARTY_ID_SOURCE: u32 = 758;
    pub const NESTED2_PARTY_ROLE: u32 = 759;
    pub const NESTED2_PARTY_SUB_ID: u32 = 760;
    pub const BENCHMARK_SECURITY_ID_SOURCE: u32 = 761;
    pub const SECURITY_SUB_TYPE: u32 = 762;
    pub const UNDERLYING_SECURITY_SUB_TYPE: u32 = 763;
    pub const LEG_SECURITY_SUB_TYPE: u32 = 764;
    pub const BOOKING_TYPE: u32 = 775;
    pub const TERMINATION_TYPE: u32 = 788;
    pub const NEXT_EXPECTED_MSG_SEQ_NUM: u32 = 789;
    pub const ORD_STATUS_REQ_ID: u32 = 790;
    pub const COPY_MSG_INDICATOR: u32 = 797;
    pub const NO_PARTY_SUB_I_DS: u32 = 802;
    pub const PARTY_SUB_ID_TYPE: u32 = 803;
    pub const NO_NESTED_PARTY_SUB_I_DS: u32 = 804;
    pub const NESTED_PARTY_SUB_ID_TYPE: u32 = 805;
    pub const NO_NESTED2_PARTY_SUB_I_DS: u32 = 806;
    pub const NESTED2_PARTY_SUB_ID_TYPE: u32 = 807;
    pub const UNDERLYING_PX: u32 = 810;
    pub const EXPIRATION_CYCLE: u32 = 827;
    pub const PEG_MOVE_TYPE: u32 = 835;
    pub const PEG_OFFSET_TYPE: u32 = 836;
    pub const PEG_LIMIT_TYPE: u32 = 837;
    pub const PEG_ROUND_DIRECTION: u32 = 838;
    pub const PEGGED_PRICE: u32 = 839;
    pub const PEG_SCOPE: u32 = 840;
    pub const DISCRETION_MOVE_TYPE: u32 = 841;
    pub const DISCRETION_OFFSET_TYPE: u32 = 842;
    pub const DISCRETION_LIMIT_TYPE: u32 = 843;
    pub const DISCRETION_ROUND_DIRECTION: u32 = 844;
    pub const DISCRETION_PRICE: u32 = 845;
    pub const DISCRETION_SCOPE: u32 = 846;
    pub const TARGET_STRATEGY: u32 = 847;
    pub const TARGET_STRATEGY_PARAMETERS: u32 = 848;
    pub const PARTICIPATION_RATE: u32 = 849;
    pub const TARGET_STRATEGY_PERFORMANCE: u32 = 850;
    pub const LAST_LIQUIDITY_IND: u32 = 851;
    pub const QTY_TYPE: u32 = 854;
    pub const NO_EVENTS: u32 = 864;
    pub const EVENT_TYPE: u32 = 865;
    pub const EVENT_DATE: u32 = 866;
    pub const EVENT_PX: u32 = 867;
    pub const EVENT_TEXT: u32 = 868;
    pub const PCT_AT_RISK: u32 = 869;
    pub const NO_INSTR_ATTRIB: u32 = 870;
    pub const INSTR_ATTRIB_TYPE: u32 = 871;
    pub const INSTR_ATTRIB_VALUE: u32 = 872;
    pub const DATED_DATE: u32 = 873;
    pub const INTEREST_ACCRUAL_DATE: u32 = 874;
    pub const CP_PROGRAM: u32 = 875;
    pub const CP_REG_TYPE: u32 = 876;
    pub const UNDERLYING_CP_PROGRAM: u32 = 877;
    pub const UNDERLYING_CP_REG_TYPE: u32 = 878;
    pub const UNDERLYING_QTY: u32 = 879;
    pub const UNDERLYING_DIRTY_PRICE: u32 = 882;
    pub const UNDERLYING_END_PRICE: u32 = 883;
    pub const UNDERLYING_START_VALUE: u32 = 884;
    pub const UNDERLYING_CURRENT_VALUE: u32 = 885;
    pub const UNDERLYING_END_VALUE: u32 = 886;
    pub const NO_UNDERLYING_STIPS: u32 = 887;
    pub const UNDERLYING_STIP_TYPE: u32 = 888;
    pub const UNDERLYING_STIP_VALUE: u32 = 889;
    pub const MISC_FEE_BASIS: u32 = 891;
    pub const LAST_FRAGMENT: u32 = 893;
    pub const MARGIN_RATIO: u32 = 898;
    pub const TOT_NUM_REPORTS: u32 = 911;
    pub const LAST_RPT_REQUESTED: u32 = 912;
    pub const AGREEMENT_DESC: u32 = 913;
    pub const AGREEMENT_ID: u32 = 914;
    pub const AGREEMENT_DATE: u32 = 915;
    pub const START_DATE: u32 = 916;
    pub const END_DATE: u32 = 917;
    pub const AGREEMENT_CURRENCY: u32 = 918;
    pub const DELIVERY_TYPE: u32 = 919;
    pub const END_ACCRUED_INTEREST_AMT: u32 = 920;
    pub const START_CASH: u32 = 921;
    pub const END_CASH: u32 = 922;
    pub const UNDERLYING_STRIKE_CURRENCY: u32 = 941;
    pub const LEG_STRIKE_CURRENCY: u32 = 942;
    pub const TIME_BRACKET: u32 = 943;
    pub const STRIKE_CURRENCY: u32 = 947;
    pub const LEG_CONTRACT_SETTL_MONTH: u32 = 955;
    pub const LEG_INTEREST_ACCRUAL_DATE: u32 = 956;
    pub const SELF_TRADE_PREVENTION: u32 = 25001;
    pub const PRICE_INCREMENT: u32 = 25010;
    pub const MAX_TRADE_VOL: u32 = 25011;
    pub const MIN_NOTIONAL: u32 = 25012;
    pub const PRICE_COLLAR_PERCENT: u32 = 25013;
    pub const MAX_OPEN_ORDERS: u32 = 25014;
    pub const MAKER_FEE_PERCENT: u32 = 25015;
    pub const TAKER_FEE_PERCENT: u32 = 25016;
    pub const TRADING_STATE: u32 = 25017;
    pub const BASE_CURRENCY: u32 = 25018;
    pub const PRICE_DECIMALS: u32 = 25019;
    pub const QUANTITY_DECIMALS: u32 = 25020;
}

/// The messages of the dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MsgKind {
    Heartbeat,
    TestRequest,
    ResendRequest,
    Reject,
    SequenceReset,
    Logout,
    Logon,
    BusinessMessageReject,
    NewOrderSingle,
    OrderCancelRequest,
    OrderCancelReplaceRequest,
    OrderMassCancelRequest,
    OrderMassCancelReport,
    OrderStatusRequest,
    OrderMassStatusRequest,
    ExecutionReport,
    OrderCancelReject,
    SecurityListRequest,
    SecurityList,
}

/// How many fields there are.
pub const FIELD_COUNT: usize = 482;

/// The index of a field by its tag.
pub static INDEX: [u16; 1024] = [
    NO_FIELD, 0, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
    14, NO_FIELD, 15, 16, 17, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, 18, 19, 20, 21,
    NO_FIELD, 22, 23, 24, 25, 26, 27, 28, 29, NO_FIELD, 30, 31, 32, NO_FIELD, NO_FIELD, 33, 34, 35,
    NO_FIELD, 36, NO_FIELD, 37, 38, 39, 40, 41, 42, 43, NO_FIELD, NO_FIELD, 44, 45, 46, 47,
    NO_FIELD, NO_FIELD, NO_FIELD, 48, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, 49, NO_FIELD, 50, 51,
    52, 53, 54, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, 55, 56, 57,
    NO_FIELD, 58, NO_FIELD, 59, 60, 61, 62, 63, 64, NO_FIELD, 65, 66, NO_FIELD, NO_FIELD, 67, 68,
    69, NO_FIELD, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, NO_FIELD, NO_FIELD, 84,
    NO_FIELD, 85, 86, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, 87, 88, 89, 90,
    91, 92, 93, 94, 95, 96, 97, NO_FIELD, NO_FIELD, NO_FIELD, 98, 99, 100, NO_FIELD, NO_FIELD, 101,
    102, 103, 104, 105, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, 106,
    107, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, 108, 109, 110, 111, NO_FIELD, NO_FIELD, 112,
    NO_FIELD, 113, 114, 115, 116, NO_FIELD, NO_FIELD, 117, 118, NO_FIELD, NO_FIELD, 119, 120, 121,
    122, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, 123, NO_FIELD, 124, 125, 126, 127, 128, 129, 130,
    131, 132, 133, 134, 135, 136, 137, 138, 139, 140, 141, 142, 143, 144, 145, 146, 147, 148, 149,
    150, 151, 152, 153, 154, 155, 156, 157, 158, 159, 160, 161, 162, 163, 164, NO_FIELD, NO_FIELD,
    165, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, 166, 167, 168, 169, 170, 171, 172, 173, 174,
    NO_FIELD, 175, 176, 177, 178, NO_FIELD, 179, NO_FIELD, 180, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, 181, 182, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, 183, 184, 185, 186, 187, NO_FIELD, NO_FIELD, 188, 189, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, 190, 191, 192, 193, NO_FIELD, NO_FIELD, NO_FIELD, 194,
    NO_FIELD, 195, 196, 197, NO_FIELD, 198, 199, 200, 201, 202, 203, 204, 205, 206, 207, 208, 209,
    NO_FIELD, 210, 211, NO_FIELD, NO_FIELD, NO_FIELD, 212, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, 213, 214, 215, 216, 217,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, 218, NO_FIELD, 219, 220, 221, 222, 223, NO_FIELD,
    NO_FIELD, NO_FIELD, 224, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, 225, 226, NO_FIELD, NO_FIELD,
    NO_FIELD, 227, 228, 229, 230, 231, 232, 233, 234, 235, 236, 237, 238, 239, NO_FIELD, NO_FIELD,
    240, 241, 242, 243, 244, 245, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, 246,
    247, 248, NO_FIELD, 249, 250, 251, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, 252, NO_FIELD, NO_FIELD, 253, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, 254, NO_FIELD, 255, 256, NO_FIELD, 257, 258, 259, 260, NO_FIELD, 261, 262,
    263, 264, 265, 266, 267, 268, 269, 270, 271, 272, 273, 274, NO_FIELD, 275, 276, NO_FIELD, 277,
    278, 279, 280, 281, NO_FIELD, NO_FIELD, 282, 283, NO_FIELD, 284, NO_FIELD, 285, 286, 287, 288,
    NO_FIELD, NO_FIELD, 289, 290, 291, 292, NO_FIELD, 293, 294, 295, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, 296, 297, 298, 299, 300, 301, 302, 303, 304, 305, 306, 307, 308, 309, 310,
    311, 312, 313, 314, 315, 316, 317, 318, 319, 320, 321, 322, 323, 324, 325, 326, 327, 328, 329,
    330, 331, 332, 333, 334, 335, 336, 337, 338, 339, 340, NO_FIELD, 341, 342, 343, 344, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, 345, 346, 347, 348, 349, 350, 351, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, 352, 353, NO_FIELD, 354, 355,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, 356, 357, 358, 359, NO_FIELD, NO_FIELD, NO_FIELD, 360,
    361, 362, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, 363, 364, 365, 366, 367,
    NO_FIELD, NO_FIELD, 368, NO_FIELD, NO_FIELD, NO_FIELD, 369, 370, 371, 372, 373, NO_FIELD, 374,
    NO_FIELD, NO_FIELD, 375, 376, 377, 378, NO_FIELD, 379, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, 380, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, 381, NO_FIELD, 382, 383, 384, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, 385, 386, 387, 388, 389, 390, 391, 392, 393, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, 394, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, 395, 396, 397, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, 398,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, 399, 400, 401, 402, 403, 404, NO_FIELD, NO_FIELD, 405,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, 406, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, 407, 408, 409, 410, 411, 412, 413, 414, 415,
    416, 417, 418, 419, 420, 421, 422, 423, NO_FIELD, NO_FIELD, 424, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, 425, 426, 427, 428, 429, 430, 431,
    432, 433, 434, 435, 436, 437, 438, 439, 440, NO_FIELD, NO_FIELD, 441, 442, 443, 444, 445, 446,
    447, 448, NO_FIELD, 449, NO_FIELD, 450, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, 451, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, 452, 453, 454, 455, 456, 457, 458, 459, 460, 461, 462, 463, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, 464, 465, 466,
    NO_FIELD, NO_FIELD, NO_FIELD, 467, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, 468, 469, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
];

/// The first tag of [`USER_INDEX`].
pub const USER_TAG_FIRST: u32 = 25000;

/// The index of a field of Castle's own.
pub static USER_INDEX: [u16; 64] = [
    NO_FIELD, 470, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    471, 472, 473, 474, 475, 476, 477, 478, 479, 480, 481, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD, NO_FIELD,
    NO_FIELD, NO_FIELD, NO_FIELD,
];

/// Every field, ascending by tag.
pub static FIELDS: [FieldInfo; FIELD_COUNT] = [
    FieldInfo {
        tag: 1,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 6,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 7,
        place: Place::Body,
        data_type: DataType::SeqNum,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 8,
        place: Place::Header,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 9,
        place: Place::Header,
        data_type: DataType::Length,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 10,
        place: Place::Trailer,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 11,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 12,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 13,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0x7e000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 14,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 15,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 16,
        place: Place::Body,
        data_type: DataType::SeqNum,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 17,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 18,
        place: Place::Body,
        data_type: DataType::MultipleValue,
        length_tag: 0,
        single: 0x3e07fffffe03ff000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 19,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 21,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0xe000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 22,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x7fe03fe000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 23,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 29,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0x1e000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 30,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 31,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 32,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 34,
        place: Place::Header,
        data_type: DataType::SeqNum,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 35,
        place: Place::Header,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x7fffffe07df7dfe03ff000000000000,
        several: &[
            b"AA", b"AB", b"AC", b"AD", b"AE", b"AF", b"AG", b"AH", b"AI", b"AJ", b"AK", b"AL",
            b"AM", b"AN", b"AO", b"AP", b"AQ", b"AR", b"AS", b"AT", b"AU", b"AV", b"AW", b"AX",
            b"AY", b"AZ", b"BA", b"BB", b"BC", b"BD", b"BE", b"BF", b"BG", b"BH",
        ],
    },
    FieldInfo {
        tag: 36,
        place: Place::Body,
        data_type: DataType::SeqNum,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 37,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 38,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 39,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0x3e03ff000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 40,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0x13ffe03fe000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 41,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 43,
        place: Place::Header,
        data_type: DataType::Boolean,
        length_tag: 0,
        single: 0x20040000000000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 44,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 45,
        place: Place::Body,
        data_type: DataType::SeqNum,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 48,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 49,
        place: Place::Header,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 50,
        place: Place::Header,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 52,
        place: Place::Header,
        data_type: DataType::UtcTimestamp,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 54,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0xfe03fe000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 55,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 56,
        place: Place::Header,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 57,
        place: Place::Header,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 58,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 59,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0xff000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 60,
        place: Place::Body,
        data_type: DataType::UtcTimestamp,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 63,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0x3ff000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 64,
        place: Place::Body,
        data_type: DataType::Date,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 65,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[b"CD", b"WI"],
    },
    FieldInfo {
        tag: 66,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 70,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 75,
        place: Place::Body,
        data_type: DataType::Date,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 77,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0x480480000000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 78,
        place: Place::Body,
        data_type: DataType::NumInGroup,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 79,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 80,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 81,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0x7f000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 89,
        place: Place::Trailer,
        data_type: DataType::Data,
        length_tag: 93,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 90,
        place: Place::Header,
        data_type: DataType::Length,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 91,
        place: Place::Header,
        data_type: DataType::Data,
        length_tag: 90,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 93,
        place: Place::Trailer,
        data_type: DataType::Length,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 95,
        place: Place::Body,
        data_type: DataType::Length,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 96,
        place: Place::Body,
        data_type: DataType::Data,
        length_tag: 95,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 97,
        place: Place::Header,
        data_type: DataType::Boolean,
        length_tag: 0,
        single: 0x20040000000000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 98,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x7f000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 99,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 100,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 102,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x7f000000000000,
        several: &[b"99"],
    },
    FieldInfo {
        tag: 103,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x3ff000000000000,
        several: &[b"10", b"11", b"12", b"13", b"14", b"15", b"99"],
    },
    FieldInfo {
        tag: 106,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 107,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 108,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 110,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 111,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 112,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 113,
        place: Place::Body,
        data_type: DataType::Boolean,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 114,
        place: Place::Body,
        data_type: DataType::Boolean,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 115,
        place: Place::Header,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 116,
        place: Place::Header,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 117,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 118,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 119,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 120,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 121,
        place: Place::Body,
        data_type: DataType::Boolean,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 122,
        place: Place::Header,
        data_type: DataType::UtcTimestamp,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 123,
        place: Place::Body,
        data_type: DataType::Boolean,
        length_tag: 0,
        single: 0x20040000000000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 126,
        place: Place::Body,
        data_type: DataType::UtcTimestamp,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 128,
        place: Place::Header,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 129,
        place: Place::Header,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 136,
        place: Place::Body,
        data_type: DataType::NumInGroup,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 137,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 138,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 139,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x3fe000000000000,
        several: &[b"10", b"11", b"12"],
    },
    FieldInfo {
        tag: 140,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 141,
        place: Place::Body,
        data_type: DataType::Boolean,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 142,
        place: Place::Header,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 143,
        place: Place::Header,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 144,
        place: Place::Header,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 145,
        place: Place::Header,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 146,
        place: Place::Body,
        data_type: DataType::NumInGroup,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 150,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0x3fe03f9000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 151,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 152,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 155,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 156,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0x20100000000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 157,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 158,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 159,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 167,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x8000000000000000,
        several: &[
            b"EUSUPRA",
            b"FAC",
            b"FADN",
            b"PEF",
            b"SUPRA",
            b"CORP",
            b"CPP",
            b"CB",
            b"DUAL",
            b"EUCORP",
            b"XLINKD",
            b"STRUCT",
            b"YANK",
            b"FOR",
            b"CS",
            b"PS",
            b"WAR",
            b"BRADY",
            b"EUSOV",
            b"TBOND",
            b"TINT",
            b"TIPS",
            b"TCAL",
            b"TPRN",
            b"UST",
            b"USTB",
            b"TNOTE",
            b"TBILL",
            b"REPO",
            b"FORWARD",
            b"BUYSELL",
            b"SECLOAN",
            b"SECPLEDGE",
            b"TERM",
            b"RVLV",
            b"RVLVTRM",
            b"BRIDGE",
            b"LOFC",
            b"SWING",
            b"DINP",
            b"DEFLTED",
            b"WITHDRN",
            b"REPLACD",
            b"MATURED",
            b"AMENDED",
            b"RETIRED",
            b"BA",
            b"BN",
            b"BOX",
            b"CD",
            b"CL",
            b"CP",
            b"DN",
            b"EUCD",
            b"EUCP",
            b"LQN",
            b"MTN",
            b"ONITE",
            b"PN",
            b"PZFJ",
            b"STN",
            b"TD",
            b"XCN",
            b"YCD",
            b"ABS",
            b"CMBS",
            b"CMO",
            b"IET",
            b"MBS",
            b"MIO",
            b"MPO",
            b"MPP",
            b"MPT",
            b"PFAND",
            b"TBA",
            b"AN",
            b"COFO",
            b"COFP",
            b"GO",
            b"MT",
            b"RAN",
            b"REV",
            b"SPCLA",
            b"SPCLO",
            b"SPCLT",
            b"TAN",
            b"TAXA",
            b"TECP",
            b"TRAN",
            b"VRDN",
            b"MF",
            b"MLEG",
            b"NONE",
            b"FUT",
            b"OPT",
            b"WLD",
        ],
    },
    FieldInfo {
        tag: 168,
        place: Place::Body,
        data_type: DataType::UtcTimestamp,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 192,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 193,
        place: Place::Body,
        data_type: DataType::Date,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 194,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 195,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 198,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 200,
        place: Place::Body,
        data_type: DataType::MonthYear,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 201,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x3000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 202,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 203,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x3000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 206,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 207,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 210,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 211,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 212,
        place: Place::Header,
        data_type: DataType::Length,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 213,
        place: Place::Header,
        data_type: DataType::Data,
        length_tag: 212,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 218,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 220,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 221,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[
            b"MuniAAA",
            b"FutureSWAP",
            b"LIBID",
            b"LIBOR",
            b"OTHER",
            b"SWAP",
            b"Treasury",
            b"Euribor",
            b"Pfandbriefe",
            b"EONIA",
            b"SONIA",
            b"EUREPO",
        ],
    },
    FieldInfo {
        tag: 222,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 223,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 224,
        place: Place::Body,
        data_type: DataType::Date,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 225,
        place: Place::Body,
        data_type: DataType::Date,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 226,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 227,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 228,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 229,
        place: Place::Body,
        data_type: DataType::Date,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 230,
        place: Place::Body,
        data_type: DataType::Date,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 231,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 232,
        place: Place::Body,
        data_type: DataType::NumInGroup,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 233,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 234,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 235,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 236,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 237,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 238,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 239,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 240,
        place: Place::Body,
        data_type: DataType::Date,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 241,
        place: Place::Body,
        data_type: DataType::Date,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 242,
        place: Place::Body,
        data_type: DataType::Date,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 243,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 244,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 245,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 246,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 247,
        place: Place::Body,
        data_type: DataType::Date,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 248,
        place: Place::Body,
        data_type: DataType::Date,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 249,
        place: Place::Body,
        data_type: DataType::Date,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 250,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 251,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 252,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 253,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 254,
        place: Place::Body,
        data_type: DataType::Date,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 255,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 256,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 257,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 258,
        place: Place::Body,
        data_type: DataType::Boolean,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 259,
        place: Place::Body,
        data_type: DataType::Date,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 260,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 263,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0x7000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 305,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 306,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 307,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 308,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 309,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 310,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 311,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 312,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 313,
        place: Place::Body,
        data_type: DataType::MonthYear,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 315,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x3000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 316,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 317,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 318,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 320,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 322,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 336,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 337,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 347,
        place: Place::Header,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[b"ISO-2022-JP", b"EUC-JP", b"Shift_JIS", b"UTF-8"],
    },
    FieldInfo {
        tag: 348,
        place: Place::Body,
        data_type: DataType::Length,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 349,
        place: Place::Body,
        data_type: DataType::Data,
        length_tag: 348,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 350,
        place: Place::Body,
        data_type: DataType::Length,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 351,
        place: Place::Body,
        data_type: DataType::Data,
        length_tag: 350,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 354,
        place: Place::Body,
        data_type: DataType::Length,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 355,
        place: Place::Body,
        data_type: DataType::Data,
        length_tag: 354,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 362,
        place: Place::Body,
        data_type: DataType::Length,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 363,
        place: Place::Body,
        data_type: DataType::Data,
        length_tag: 362,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 364,
        place: Place::Body,
        data_type: DataType::Length,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 365,
        place: Place::Body,
        data_type: DataType::Data,
        length_tag: 364,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 369,
        place: Place::Header,
        data_type: DataType::SeqNum,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 371,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 372,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 373,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x3ff000000000000,
        several: &[b"10", b"11", b"12", b"13", b"14", b"15", b"16", b"17", b"99"],
    },
    FieldInfo {
        tag: 375,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 376,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 377,
        place: Place::Body,
        data_type: DataType::Boolean,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 378,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x3ff000000000000,
        several: &[b"10", b"99"],
    },
    FieldInfo {
        tag: 379,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 380,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0xff000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 381,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 382,
        place: Place::Body,
        data_type: DataType::NumInGroup,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 383,
        place: Place::Body,
        data_type: DataType::Length,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 384,
        place: Place::Body,
        data_type: DataType::NumInGroup,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 385,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0xc00000000000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 386,
        place: Place::Body,
        data_type: DataType::NumInGroup,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 388,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0x7f000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 389,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 393,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 423,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x3fe000000000000,
        several: &[b"10", b"11"],
    },
    FieldInfo {
        tag: 424,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 425,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 426,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 427,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x7000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 432,
        place: Place::Body,
        data_type: DataType::Date,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 434,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0x6000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 435,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 436,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 437,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 438,
        place: Place::Body,
        data_type: DataType::UtcTimestamp,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 442,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0xe000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 447,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0x3fe03fe000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 448,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 452,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x3fe000000000000,
        several: &[
            b"10", b"11", b"12", b"13", b"14", b"15", b"16", b"17", b"18", b"19", b"20", b"21",
            b"22", b"23", b"24", b"25", b"26", b"27", b"28", b"29", b"30", b"31", b"32", b"33",
            b"34", b"35", b"36", b"37", b"38",
        ],
    },
    FieldInfo {
        tag: 453,
        place: Place::Body,
        data_type: DataType::NumInGroup,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 454,
        place: Place::Body,
        data_type: DataType::NumInGroup,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 455,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 456,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 457,
        place: Place::Body,
        data_type: DataType::NumInGroup,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 458,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 459,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 460,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x3fe000000000000,
        several: &[b"10", b"11", b"12", b"13"],
    },
    FieldInfo {
        tag: 461,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 462,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 463,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 464,
        place: Place::Body,
        data_type: DataType::Boolean,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 467,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 468,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0x7000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 469,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 470,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 471,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 472,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 479,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 480,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0x200e0000000000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 481,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0x2004000000e000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 483,
        place: Place::Body,
        data_type: DataType::UtcTimestamp,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 484,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0xb803c0000000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 485,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 494,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 497,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0x20040000000000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 513,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 515,
        place: Place::Body,
        data_type: DataType::UtcTimestamp,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 516,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 518,
        place: Place::Body,
        data_type: DataType::NumInGroup,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 519,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x3fe000000000000,
        several: &[b"10", b"11", b"12", b"13", b"14", b"15"],
    },
    FieldInfo {
        tag: 520,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 521,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 523,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 524,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 525,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 526,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 527,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 528,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0x8502820000000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 529,
        place: Place::Body,
        data_type: DataType::MultipleValue,
        length_tag: 0,
        single: 0x203fe000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 530,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0xfe000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 531,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0xff000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 532,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x7f000000000000,
        several: &[b"99"],
    },
    FieldInfo {
        tag: 533,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 534,
        place: Place::Body,
        data_type: DataType::NumInGroup,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 535,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 536,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 538,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 539,
        place: Place::Body,
        data_type: DataType::NumInGroup,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 541,
        place: Place::Body,
        data_type: DataType::Date,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 542,
        place: Place::Body,
        data_type: DataType::Date,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 543,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 544,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0xe000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 545,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 548,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 549,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x1e000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 551,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 553,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 554,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 555,
        place: Place::Body,
        data_type: DataType::NumInGroup,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 556,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 559,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x1f000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 560,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x3f000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 561,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 562,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 564,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 565,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 566,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 581,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x1de000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 582,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x1e000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 583,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 584,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 585,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x1fe000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 586,
        place: Place::Body,
        data_type: DataType::UtcTimestamp,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 587,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 588,
        place: Place::Body,
        data_type: DataType::Date,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 589,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0x7000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 590,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0x7000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 591,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0x3000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 592,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 593,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 594,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 595,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 596,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 597,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 598,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 599,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 600,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 601,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 602,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 603,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 604,
        place: Place::Body,
        data_type: DataType::NumInGroup,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 605,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 606,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 607,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 608,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 609,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 610,
        place: Place::Body,
        data_type: DataType::MonthYear,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 611,
        place: Place::Body,
        data_type: DataType::Date,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 612,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 613,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 614,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 615,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 616,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 617,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 618,
        place: Place::Body,
        data_type: DataType::Length,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 619,
        place: Place::Body,
        data_type: DataType::Data,
        length_tag: 618,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 620,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 621,
        place: Place::Body,
        data_type: DataType::Length,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 622,
        place: Place::Body,
        data_type: DataType::Data,
        length_tag: 621,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 623,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 624,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 625,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 627,
        place: Place::Header,
        data_type: DataType::NumInGroup,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 628,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 629,
        place: Place::Body,
        data_type: DataType::UtcTimestamp,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 630,
        place: Place::Body,
        data_type: DataType::SeqNum,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 635,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x336c023e000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 636,
        place: Place::Body,
        data_type: DataType::Boolean,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 637,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 638,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x3000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 639,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 640,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 641,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 651,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 652,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 654,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 655,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 660,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x3e000000000000,
        several: &[b"99"],
    },
    FieldInfo {
        tag: 661,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 662,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 663,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 667,
        place: Place::Body,
        data_type: DataType::MonthYear,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 668,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x6000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 669,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 676,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 677,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 678,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 679,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 680,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 683,
        place: Place::Body,
        data_type: DataType::NumInGroup,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 687,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 688,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 689,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 690,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x36000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 691,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 693,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 696,
        place: Place::Body,
        data_type: DataType::Date,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 697,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 698,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 699,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 701,
        place: Place::Body,
        data_type: DataType::Date,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 711,
        place: Place::Body,
        data_type: DataType::NumInGroup,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 736,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 738,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 739,
        place: Place::Body,
        data_type: DataType::Date,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 740,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 756,
        place: Place::Body,
        data_type: DataType::NumInGroup,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 757,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 758,
        place: Place::Body,
        data_type: DataType::Char,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 759,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 760,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 761,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 762,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 763,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 764,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 775,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x7000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 788,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x1e000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 789,
        place: Place::Body,
        data_type: DataType::SeqNum,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 790,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 797,
        place: Place::Body,
        data_type: DataType::Boolean,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 802,
        place: Place::Body,
        data_type: DataType::NumInGroup,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 803,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 804,
        place: Place::Body,
        data_type: DataType::NumInGroup,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 805,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 806,
        place: Place::Body,
        data_type: DataType::NumInGroup,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 807,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 810,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 827,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x3000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 835,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x3000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 836,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0xf000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 837,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x7000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 838,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x6000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 839,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 840,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x1e000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 841,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x3000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 842,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0xf000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 843,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x7000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 844,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x6000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 845,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 846,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x1e000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 847,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 848,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 849,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 850,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 851,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0xe000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 854,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x3000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 864,
        place: Place::Body,
        data_type: DataType::NumInGroup,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 865,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x1e000000000000,
        several: &[b"99"],
    },
    FieldInfo {
        tag: 866,
        place: Place::Body,
        data_type: DataType::Date,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 867,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 868,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 869,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 870,
        place: Place::Body,
        data_type: DataType::NumInGroup,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 871,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 872,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 873,
        place: Place::Body,
        data_type: DataType::Date,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 874,
        place: Place::Body,
        data_type: DataType::Date,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 875,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x6000000000000,
        several: &[b"99"],
    },
    FieldInfo {
        tag: 876,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 877,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 878,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 879,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 882,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 883,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 884,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 885,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 886,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 887,
        place: Place::Body,
        data_type: DataType::NumInGroup,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 888,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 889,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 891,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x7000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 893,
        place: Place::Body,
        data_type: DataType::Boolean,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 898,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 911,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 912,
        place: Place::Body,
        data_type: DataType::Boolean,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 913,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 914,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 915,
        place: Place::Body,
        data_type: DataType::Date,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 916,
        place: Place::Body,
        data_type: DataType::Date,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 917,
        place: Place::Body,
        data_type: DataType::Date,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 918,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 919,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0xf000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 920,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 921,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 922,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 941,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 942,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 943,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 947,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 955,
        place: Place::Body,
        data_type: DataType::MonthYear,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 956,
        place: Place::Body,
        data_type: DataType::Date,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 25001,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x1f000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 25010,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 25011,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 25012,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 25013,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 25014,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 25015,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 25016,
        place: Place::Body,
        data_type: DataType::Float,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 25017,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x7000000000000,
        several: &[],
    },
    FieldInfo {
        tag: 25018,
        place: Place::Body,
        data_type: DataType::String,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 25019,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
    FieldInfo {
        tag: 25020,
        place: Place::Body,
        data_type: DataType::Int,
        length_tag: 0,
        single: 0x0,
        several: &[],
    },
];

/// What may stand in the header.
pub static HEADER: Layout = Layout {
    order: &[
        3, 4, 23, 34, 39, 75, 85, 56, 57, 22, 35, 93, 40, 94, 76, 95, 86, 96, 30, 61, 36, 82, 121,
        122, 183, 194, 341,
    ],
    members: Bits([
        0x2300019c40c00018,
        0x6000001e0641800,
        0x80000000000000,
        0x4,
        0x0,
        0x200000,
        0x0,
        0x0,
    ]),
    required: Bits([0x9400c00018, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
    groups: &[(341, 0)],
};

/// What may stand in the trailer.
pub static TRAILER: Layout = Layout {
    order: &[58, 55, 5],
    members: Bits([0x480000000000020, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
    required: Bits([0x20, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
    groups: &[],
};

/// The entries of the repeating groups.
pub static GROUPS: [Layout; 25] = [
    Layout {
        order: &[342, 343, 344],
        members: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0x1c00000, 0x0, 0x0]),
        required: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
        groups: &[],
    },
    Layout {
        order: &[196, 208],
        members: Bits([0x0, 0x0, 0x0, 0x10010, 0x0, 0x0, 0x0, 0x0]),
        required: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
        groups: &[],
    },
    Layout {
        order: &[261, 400],
        members: Bits([0x0, 0x0, 0x0, 0x0, 0x20, 0x0, 0x10000, 0x0]),
        required: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
        groups: &[],
    },
    Layout {
        order: &[226, 225, 227, 399],
        members: Bits([0x0, 0x0, 0x0, 0xe00000000, 0x0, 0x0, 0x8000, 0x0]),
        required: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
        groups: &[(399, 2)],
    },
    Layout {
        order: &[281, 402],
        members: Bits([0x0, 0x0, 0x0, 0x0, 0x2000000, 0x0, 0x40000, 0x0]),
        required: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
        groups: &[],
    },
    Layout {
        order: &[262, 263, 275, 401],
        members: Bits([0x0, 0x0, 0x0, 0x0, 0x800c0, 0x0, 0x20000, 0x0]),
        required: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
        groups: &[(401, 4)],
    },
    Layout {
        order: &[52, 357, 381, 240, 276, 53],
        members: Bits([
            0x30000000000000,
            0x0,
            0x0,
            0x1000000000000,
            0x100000,
            0x2000002000000000,
            0x0,
            0x0,
        ]),
        required: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
        groups: &[(276, 5)],
    },
    Layout {
        order: &[181, 340],
        members: Bits([0x0, 0x0, 0x20000000000000, 0x0, 0x0, 0x100000, 0x0, 0x0]),
        required: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
        groups: &[],
    },
    Layout {
        order: &[230, 231],
        members: Bits([0x0, 0x0, 0x0, 0xc000000000, 0x0, 0x0, 0x0, 0x0]),
        required: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
        groups: &[],
    },
    Layout {
        order: &[426, 427, 428, 429],
        members: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x3c0000000000, 0x0]),
        required: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
        groups: &[],
    },
    Layout {
        order: &[233, 234],
        members: Bits([0x0, 0x0, 0x0, 0x60000000000, 0x0, 0x0, 0x0, 0x0]),
        required: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
        groups: &[],
    },
    Layout {
        order: &[447, 448],
        members: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x8000000000000000, 0x1]),
        required: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
        groups: &[],
    },
    Layout {
        order: &[
            172, 173, 170, 166, 232, 237, 238, 171, 392, 174, 278, 175, 145, 146, 147, 148, 149,
            150, 160, 310, 307, 308, 309, 151, 176, 464, 177, 221, 220, 169, 167, 190, 191, 168,
            192, 193, 438, 439, 178, 440, 405, 441, 442, 443, 444, 445, 446,
        ],
        members: Bits([
            0x0,
            0x0,
            0xc007ffc100fe0000,
            0x610030000003,
            0x78000000400000,
            0x0,
            0x7fc0000000200100,
            0x10000,
        ]),
        required: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
        groups: &[(232, 10), (446, 11)],
    },
    Layout {
        order: &[137, 138],
        members: Bits([0x0, 0x0, 0x600, 0x0, 0x0, 0x0, 0x0, 0x0]),
        required: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
        groups: &[],
    },
    Layout {
        order: &[29, 273, 274],
        members: Bits([0x20000000, 0x0, 0x0, 0x0, 0x60000, 0x0, 0x0, 0x0]),
        required: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
        groups: &[],
    },
    Layout {
        order: &[198, 182, 222, 223, 355],
        members: Bits([0x0, 0x0, 0x40000000000000, 0xc0000040, 0x0, 0x800000000, 0x0, 0x0]),
        required: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
        groups: &[],
    },
    Layout {
        order: &[258, 259, 260],
        members: Bits([0x0, 0x0, 0x0, 0x0, 0x1c, 0x0, 0x0, 0x0]),
        required: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
        groups: &[],
    },
    Layout {
        order: &[320, 321],
        members: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0x3, 0x0, 0x0]),
        required: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
        groups: &[],
    },
    Layout {
        order: &[370, 371],
        members: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0xc000000000000, 0x0, 0x0]),
        required: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
        groups: &[],
    },
    Layout {
        order: &[
            315, 316, 317, 318, 319, 322, 323, 324, 393, 325, 326, 152, 153, 154, 155, 156, 157,
            161, 314, 311, 312, 313, 158, 327, 465, 328, 329, 330, 331, 332, 333, 334, 335, 336,
            337, 338, 339, 288, 384, 383, 468, 469, 369, 372, 368, 293, 294, 276, 354, 295, 302,
            303, 347,
        ],
        members: Bits([
            0x0,
            0x0,
            0x27f000000,
            0x0,
            0xff80c0e100100000,
            0x80130004080ffffc,
            0x201,
            0x320000,
        ]),
        required: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
        groups: &[(319, 17), (368, 18), (276, 5)],
    },
    Layout {
        order: &[88, 89, 90, 449],
        members: Bits([0x0, 0x7000000, 0x0, 0x0, 0x0, 0x0, 0x0, 0x2]),
        required: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
        groups: &[],
    },
    Layout {
        order: &[432, 433],
        members: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x3000000000000, 0x0]),
        required: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
        groups: &[],
    },
    Layout {
        order: &[
            315, 316, 317, 318, 319, 322, 323, 324, 393, 325, 326, 152, 153, 154, 155, 156, 157,
            161, 314, 311, 312, 313, 158, 327, 465, 328, 329, 330, 331, 332, 333, 334, 335, 336,
            337, 338, 339, 288, 384, 383, 468, 469,
        ],
        members: Bits([
            0x0,
            0x0,
            0x27f000000,
            0x0,
            0xff80000100000000,
            0x80000000000ffffc,
            0x201,
            0x320000,
        ]),
        required: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
        groups: &[(319, 17)],
    },
    Layout {
        order: &[
            315, 316, 317, 318, 319, 322, 323, 324, 393, 325, 326, 152, 153, 154, 155, 156, 157,
            161, 314, 311, 312, 313, 158, 327, 465, 328, 329, 330, 331, 332, 333, 334, 335, 336,
            337, 338, 339, 288, 384, 383, 468, 469, 372, 302, 368, 363, 364, 365, 366, 367,
        ],
        members: Bits([
            0x0,
            0x0,
            0x27f000000,
            0x0,
            0xff80400100000000,
            0x8011f800000ffffc,
            0x201,
            0x320000,
        ]),
        required: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
        groups: &[(319, 17), (368, 18)],
    },
    Layout {
        order: &[
            38, 46, 33, 16, 229, 235, 236, 106, 391, 113, 277, 114, 128, 129, 143, 130, 131, 132,
            159, 279, 243, 244, 245, 144, 115, 467, 117, 135, 127, 118, 67, 184, 185, 68, 186, 187,
            373, 360, 436, 437, 425, 434, 435, 361, 430, 431, 454, 455, 456, 459, 395, 457, 458,
            460, 451, 380, 10, 136, 287, 123, 124, 125, 126, 358, 359, 378, 390, 139, 140, 379,
            375, 376, 377, 291, 292, 181, 340, 406, 41, 188, 189, 471, 472, 473, 474, 475, 476,
            477, 478, 479, 480, 481,
        ],
        members: Bits([
            0x424200010400,
            0xf86e040000000018,
            0x3f2000008001999f,
            0x38182000000000,
            0x1880a00000,
            0x1fa003c000100000,
            0x3cc200004008c0,
            0x3ff881fc8,
        ]),
        required: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
        groups: &[(229, 8), (425, 9), (431, 21), (380, 12), (136, 13), (287, 23)],
    },
];

/// Every message.
pub static MESSAGES: [MessageInfo; 19] = [
    MessageInfo {
        kind: MsgKind::Heartbeat,
        msg_type: b"0",
        body: Layout {
            order: &[72],
            members: Bits([0x0, 0x100, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
            required: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
            groups: &[],
        },
    },
    MessageInfo {
        kind: MsgKind::TestRequest,
        msg_type: b"1",
        body: Layout {
            order: &[72],
            members: Bits([0x0, 0x100, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
            required: Bits([0x0, 0x100, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
            groups: &[],
        },
    },
    MessageInfo {
        kind: MsgKind::ResendRequest,
        msg_type: b"2",
        body: Layout {
            order: &[2, 11],
            members: Bits([0x804, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
            required: Bits([0x804, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
            groups: &[],
        },
    },
    MessageInfo {
        kind: MsgKind::Reject,
        msg_type: b"3",
        body: Layout {
            order: &[32, 195, 196, 197, 41, 188, 189],
            members: Bits([0x20100000000, 0x0, 0x3000000000000000, 0x38, 0x0, 0x0, 0x0, 0x0]),
            required: Bits([0x100000000, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
            groups: &[],
        },
    },
    MessageInfo {
        kind: MsgKind::SequenceReset,
        msg_type: b"4",
        body: Layout {
            order: &[83, 24],
            members: Bits([0x1000000, 0x80000, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
            required: Bits([0x1000000, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
            groups: &[],
        },
    },
    MessageInfo {
        kind: MsgKind::Logout,
        msg_type: b"5",
        body: Layout {
            order: &[41, 188, 189],
            members: Bits([0x20000000000, 0x0, 0x3000000000000000, 0x0, 0x0, 0x0, 0x0, 0x0]),
            required: Bits([0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
            groups: &[],
        },
    },
    MessageInfo {
        kind: MsgKind::Logon,
        msg_type: b"A",
        body: Layout {
            order: &[62, 69, 59, 60, 92, 396, 206, 207, 239, 285, 286],
            members: Bits([
                0x5800000000000000,
                0x10000020,
                0x0,
                0x80000000c000,
                0x60000000,
                0x0,
                0x1000,
                0x0,
            ]),
            required: Bits([0x4000000000000000, 0x20, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
            groups: &[(207, 1)],
        },
    },
    MessageInfo {
        kind: MsgKind::BusinessMessageReject,
        msg_type: b"j",
        body: Layout {
            order: &[32, 196, 202, 203, 41, 188, 189],
            members: Bits([0x20100000000, 0x0, 0x3000000000000000, 0xc10, 0x0, 0x0, 0x0, 0x0]),
            required: Bits([0x0, 0x0, 0x0, 0x810, 0x0, 0x0, 0x0, 0x0]),
            groups: &[],
        },
    },
    MessageInfo {
        kind: MsgKind::NewOrderSingle,
        msg_type: b"D",
        body: Layout {
            order: &[
                6, 264, 298, 228, 133, 49, 0, 356, 296, 304, 305, 306, 48, 51, 44, 45, 280, 345,
                15, 13, 70, 71, 64, 209, 54, 38, 46, 33, 16, 229, 235, 236, 106, 391, 113, 277,
                114, 128, 129, 143, 130, 131, 132, 159, 279, 243, 244, 245, 144, 115, 467, 117,
                135, 127, 118, 67, 184, 185, 68, 186, 187, 373, 360, 436, 437, 425, 434, 435, 454,
                455, 456, 459, 395, 457, 458, 460, 451, 380, 91, 37, 74, 43, 136, 424, 26, 100,
                256, 241, 242, 28, 213, 31, 63, 123, 124, 125, 126, 358, 359, 378, 390, 139, 140,
                379, 375, 376, 377, 10, 199, 200, 17, 77, 42, 107, 218, 84, 217, 7, 8, 246, 253,
                266, 267, 297, 81, 80, 394, 41, 188, 189, 109, 108, 350, 50, 116, 119, 120, 407,
                408, 409, 410, 412, 210, 211, 413, 414, 415, 416, 418, 419, 420, 421, 247, 248,
                254, 252, 470,
            ],
            members: Bits([
                0x804f7e629403a5c1,
                0xf9fe3c10081324d9,
                0x3f000000800199bf,
                0x71fe1830062e0180,
                0x7070001a00d01,
                0x1fa001d042000000,
                0x3c033df7800cc0,
                0x481fc8,
            ]),
            required: Bits([0x86010000040, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
            groups: &[(228, 3), (51, 6), (209, 7), (229, 8), (425, 9), (380, 12), (136, 13)],
        },
    },
    MessageInfo {
        kind: MsgKind::OrderCancelRequest,
        msg_type: b"F",
        body: Layout {
            order: &[
                29, 25, 6, 264, 298, 47, 301, 0, 356, 296, 228, 38, 46, 33, 16, 229, 235, 236, 106,
                391, 113, 277, 114, 128, 129, 143, 130, 131, 132, 159, 279, 243, 244, 245, 144,
                115, 467, 117, 135, 127, 118, 67, 184, 185, 68, 186, 187, 373, 360, 436, 437, 425,
                434, 435, 454, 455, 456, 459, 395, 457, 458, 460, 451, 380, 37, 43, 26, 100, 256,
                241, 242, 199, 41, 188, 189,
            ],
            members: Bits([
                0xca6226010041,
                0x806e041000000018,
                0x3f0000008001809f,
                0x3e183000000080,
                0x250000a00101,
                0x1020011000000000,
                0x3c020000000880,
                0x81fc8,
            ]),
            required: Bits([0x86000000040, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
            groups: &[(228, 3), (229, 8), (425, 9), (380, 12)],
        },
    },
    MessageInfo {
        kind: MsgKind::OrderCancelReplaceRequest,
        msg_type: b"G",
        body: Layout {
            order: &[
                25, 228, 133, 49, 29, 6, 264, 298, 47, 301, 0, 356, 296, 304, 305, 306, 48, 51, 44,
                45, 280, 345, 15, 13, 70, 71, 64, 209, 38, 46, 33, 16, 229, 235, 236, 106, 391,
                113, 277, 114, 128, 129, 143, 130, 131, 132, 159, 279, 243, 244, 245, 144, 115,
                467, 117, 135, 127, 118, 67, 184, 185, 68, 186, 187, 373, 360, 436, 437, 425, 434,
                435, 454, 455, 456, 459, 395, 457, 458, 460, 451, 380, 37, 43, 424, 26, 100, 256,
                241, 242, 28, 213, 31, 63, 123, 124, 125, 126, 358, 359, 378, 390, 139, 140, 379,
                375, 376, 377, 120, 407, 408, 409, 410, 412, 210, 211, 413, 414, 415, 416, 418,
                419, 420, 421, 199, 200, 10, 42, 107, 218, 84, 217, 7, 8, 246, 253, 266, 267, 297,
                81, 80, 394, 41, 188, 189, 109, 108, 350, 50, 116, 119, 74, 247, 248, 254, 252,
                470,
            ],
            members: Bits([
                0x800ffe62b601a5c1,
                0xf9fe3c10001304d9,
                0x3f000000800198bf,
                0x71fe1830062e0180,
                0x7270001a00d01,
                0x1fa001d042000000,
                0x3c033df7800cc0,
                0x481fc8,
            ]),
            required: Bits([0x86010000040, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
            groups: &[(228, 3), (51, 6), (209, 7), (229, 8), (425, 9), (380, 12)],
        },
    },
    MessageInfo {
        kind: MsgKind::OrderMassCancelRequest,
        msg_type: b"q",
        body: Layout {
            order: &[
                6, 264, 268, 181, 340, 38, 46, 33, 16, 229, 235, 236, 106, 391, 113, 277, 114, 128,
                129, 143, 130, 131, 132, 159, 279, 243, 244, 245, 144, 115, 467, 117, 135, 127,
                118, 67, 184, 185, 68, 186, 187, 373, 360, 436, 437, 425, 434, 435, 172, 173, 170,
                166, 232, 237, 238, 171, 392, 174, 278, 175, 145, 146, 147, 148, 149, 150, 160,
                310, 307, 308, 309, 151, 176, 464, 177, 221, 220, 169, 167, 190, 191, 168, 192,
                193, 438, 439, 178, 440, 405, 441, 442, 443, 444, 445, 446, 37, 43, 41, 188, 189,
            ],
            members: Bits([
                0x4a6200010040,
                0x806e040000000018,
                0xff27ffc180ff809f,
                0x38792030000003,
                0x78000000e01100,
                0x20010000100000,
                0x7ffc020000200180,
                0x90000,
            ]),
            required: Bits([0x80000000040, 0x0, 0x0, 0x0, 0x1000, 0x0, 0x0, 0x0]),
            groups: &[(229, 8), (425, 9), (232, 10), (446, 11)],
        },
    },
    MessageInfo {
        kind: MsgKind::OrderMassCancelReport,
        msg_type: b"r",
        body: Layout {
            order: &[
                6, 264, 25, 112, 268, 269, 270, 271, 272, 181, 340, 38, 46, 33, 16, 229, 235, 236,
                106, 391, 113, 277, 114, 128, 129, 143, 130, 131, 132, 159, 279, 243, 244, 245,
                144, 115, 467, 117, 135, 127, 118, 67, 184, 185, 68, 186, 187, 373, 360, 436, 437,
                425, 434, 435, 172, 173, 170, 166, 232, 237, 238, 171, 392, 174, 278, 175, 145,
                146, 147, 148, 149, 150, 160, 310, 307, 308, 309, 151, 176, 464, 177, 221, 220,
                169, 167, 190, 191, 168, 192, 193, 438, 439, 178, 440, 405, 441, 442, 443, 444,
                445, 446, 37, 43, 41, 188, 189,
            ],
            members: Bits([
                0x4a6202010040,
                0x806f040000000018,
                0xff27ffc180ff809f,
                0x38792030000003,
                0x78000000e1f100,
                0x20010000100000,
                0x7ffc020000200180,
                0x90000,
            ]),
            required: Bits([0x2000000, 0x0, 0x0, 0x0, 0x3000, 0x0, 0x0, 0x0]),
            groups: &[(272, 14), (229, 8), (425, 9), (232, 10), (446, 11)],
        },
    },
    MessageInfo {
        kind: MsgKind::OrderStatusRequest,
        msg_type: b"H",
        body: Layout {
            order: &[
                25, 6, 264, 298, 228, 397, 0, 356, 38, 46, 33, 16, 229, 235, 236, 106, 391, 113,
                277, 114, 128, 129, 143, 130, 131, 132, 159, 279, 243, 244, 245, 144, 115, 467,
                117, 135, 127, 118, 67, 184, 185, 68, 186, 187, 373, 360, 436, 437, 425, 434, 435,
                454, 455, 456, 459, 395, 457, 458, 460, 451, 380, 37,
            ],
            members: Bits([
                0x406202010041,
                0x806e040000000018,
                0xf0000008001809f,
                0x38183000000000,
                0x40000a00100,
                0x1020011000000000,
                0x3c020000002880,
                0x81fc8,
            ]),
            required: Bits([0x6000000000, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
            groups: &[(228, 3), (229, 8), (425, 9), (380, 12)],
        },
    },
    MessageInfo {
        kind: MsgKind::OrderMassStatusRequest,
        msg_type: b"AF",
        body: Layout {
            order: &[
                299, 300, 228, 0, 356, 181, 340, 38, 46, 33, 16, 229, 235, 236, 106, 391, 113, 277,
                114, 128, 129, 143, 130, 131, 132, 159, 279, 243, 244, 245, 144, 115, 467, 117,
                135, 127, 118, 67, 184, 185, 68, 186, 187, 373, 360, 436, 437, 425, 434, 435, 172,
                173, 170, 166, 232, 237, 238, 171, 392, 174, 278, 175, 145, 146, 147, 148, 149,
                150, 160, 310, 307, 308, 309, 151, 176, 464, 177, 221, 220, 169, 167, 190, 191,
                168, 192, 193, 438, 439, 178, 440, 405, 441, 442, 443, 444, 445, 446, 37,
            ],
            members: Bits([
                0x406200010001,
                0x806e040000000018,
                0xcf27ffc180ff809f,
                0x38793030000003,
                0x78180000e00000,
                0x20011000100000,
                0x7ffc020000200180,
                0x90000,
            ]),
            required: Bits([0x0, 0x0, 0x0, 0x0, 0x180000000000, 0x0, 0x0, 0x0]),
            groups: &[(228, 3), (229, 8), (425, 9), (232, 10), (446, 11)],
        },
    },
    MessageInfo {
        kind: MsgKind::ExecutionReport,
        msg_type: b"8",
        body: Layout {
            order: &[
                25, 112, 264, 265, 6, 29, 298, 374, 397, 299, 452, 453, 228, 133, 205, 47, 282,
                284, 283, 12, 14, 98, 27, 346, 66, 201, 0, 356, 296, 304, 305, 306, 44, 45, 280,
                345, 38, 46, 33, 16, 229, 235, 236, 106, 391, 113, 277, 114, 128, 129, 143, 130,
                131, 132, 159, 279, 243, 244, 245, 144, 115, 467, 117, 135, 127, 118, 67, 184, 185,
                68, 186, 187, 373, 360, 436, 437, 425, 434, 435, 454, 455, 456, 459, 395, 457, 458,
                460, 451, 380, 37, 136, 424, 26, 100, 256, 241, 242, 28, 213, 31, 63, 120, 407,
                408, 409, 410, 412, 210, 211, 413, 414, 415, 416, 418, 411, 417, 419, 420, 421,
                422, 10, 199, 200, 42, 107, 218, 84, 13, 266, 267, 297, 21, 353, 20, 352, 362, 110,
                111, 19, 181, 340, 466, 18, 99, 9, 1, 214, 215, 216, 217, 49, 43, 73, 7, 8, 246,
                253, 123, 124, 125, 126, 358, 359, 378, 390, 139, 140, 379, 375, 376, 377, 204,
                103, 134, 104, 105, 382, 461, 462, 463, 162, 163, 164, 142, 141, 78, 79, 80, 101,
                102, 15, 70, 71, 50, 119, 394, 41, 188, 189, 109, 108, 351, 224, 247, 248, 254,
                252, 249, 255, 250, 251, 348, 349, 423, 257, 287, 398, 87, 470,
            ],
            members: Bits([
                0x8006fe62be3df7c3,
                0xf9effffc0091c2dc,
                0x3f20001c8001f9ff,
                0xfffe183107ec3380,
                0x70f009da00f03,
                0x5fe005d3b6100000,
                0x3c03ffff806cc0,
                0x4cfff8,
            ]),
            required: Bits([0x600a001202, 0xc00000000, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]),
            groups: &[
                (228, 3),
                (205, 15),
                (229, 8),
                (425, 9),
                (380, 12),
                (136, 13),
                (257, 16),
                (287, 19),
                (87, 20),
            ],
        },
    },
    MessageInfo {
        kind: MsgKind::OrderCancelReject,
        msg_type: b"9",
        body: Layout {
            order: &[
                25, 112, 264, 6, 298, 29, 27, 346, 301, 47, 0, 356, 296, 133, 49, 43, 219, 65, 41,
                188, 189,
            ],
            members: Bits([
                0x28a002a000041,
                0x1000000000002,
                0x3000000000000020,
                0x8000000,
                0x250000000100,
                0x1004000000,
                0x0,
                0x0,
            ]),
            required: Bits([0x2a000040, 0x0, 0x0, 0x8000000, 0x0, 0x0, 0x0, 0x0]),
            groups: &[],
        },
    },
    MessageInfo {
        kind: MsgKind::SecurityListRequest,
        msg_type: b"x",
        body: Layout {
            order: &[
                179, 289, 38, 46, 33, 16, 229, 235, 236, 106, 391, 113, 277, 114, 128, 129, 143,
                130, 131, 132, 159, 279, 243, 244, 245, 144, 115, 467, 117, 135, 127, 118, 67, 184,
                185, 68, 186, 187, 373, 360, 436, 437, 425, 434, 435, 361, 430, 431, 454, 455, 456,
                459, 395, 457, 458, 460, 451, 380, 287, 10, 41, 188, 189, 181, 340, 165,
            ],
            members: Bits([
                0x424200010400,
                0x806e040000000018,
                0x3f2800208001809f,
                0x38182000000000,
                0x280a00000,
                0x1020030000100000,
                0x3cc20000000880,
                0x81fc8,
            ]),
            required: Bits([0x0, 0x0, 0x8000000000000, 0x0, 0x200000000, 0x0, 0x0, 0x0]),
            groups: &[(229, 8), (425, 9), (431, 21), (380, 12), (287, 22)],
        },
    },
    MessageInfo {
        kind: MsgKind::SecurityList,
        msg_type: b"y",
        body: Layout {
            order: &[179, 180, 290, 212, 450, 97],
            members: Bits([
                0x0,
                0x200000000,
                0x18000000000000,
                0x100000,
                0x400000000,
                0x0,
                0x0,
                0x4,
            ]),
            required: Bits([0x0, 0x0, 0x18000000000000, 0x0, 0x400000000, 0x0, 0x0, 0x0]),
            groups: &[(97, 24)],
        },
    },
];
