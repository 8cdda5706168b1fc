"""Wording: what the drawn text says, by script. The words are our own choice of common ones."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from types import MappingProxyType

import numpy as np


class Script(Enum):
    """The writing systems that text is drawn in. ``ACCENTED`` and ``VIETNAMESE`` are Latin beyond ASCII."""

    LATIN = "latin"
    ACCENTED = "accented"
    VIETNAMESE = "vietnamese"
    CYRILLIC = "cyrillic"
    GREEK = "greek"
    HAN = "han"
    JAPANESE = "japanese"
    HANGUL = "hangul"
    ARABIC = "arabic"
    HEBREW = "hebrew"
    DEVANAGARI = "devanagari"
    THAI = "thai"


SHAPED = frozenset({Script.ARABIC, Script.HEBREW, Script.DEVANAGARI, Script.THAI})
"""Scripts whose letters join, reorder or stack: they need Pillow's Raqm layout."""

UNSPACED = frozenset({Script.HAN, Script.JAPANESE, Script.THAI})
"""Scripts that put no space between words."""

UPRIGHT = frozenset({Script.HAN, Script.JAPANESE, Script.HANGUL})
"""Scripts that are also written in columns."""

SHARES = MappingProxyType(
    {
        Script.LATIN: 0.42,
        Script.ACCENTED: 0.09,
        Script.VIETNAMESE: 0.02,
        Script.CYRILLIC: 0.06,
        Script.GREEK: 0.03,
        Script.HAN: 0.15,
        Script.JAPANESE: 0.07,
        Script.HANGUL: 0.05,
        Script.ARABIC: 0.04,
        Script.HEBREW: 0.02,
        Script.DEVANAGARI: 0.03,
        Script.THAI: 0.02,
    }
)
"""How often each script is drawn, before those that no face covers are left out."""

_WORDS = {
    Script.LATIN: (
        "the and of to in for you with this that open closed sale new free best shop market coffee bakery street "
        "road "
        "exit entrance push pull please wait caution danger keep clear no parking private office hotel bar grill "
        "restaurant pizza burger tea water milk bread fresh organic original classic premium quality since made by "
        "hand limited edition special offer today only save more buy one get two order now call us visit follow "
        "welcome home garden studio gallery museum library school city park river bridge station platform gate bus "
        "train airport taxi music live night party summer winter spring autumn festival concert tickets photo "
        "camera film copyright sample preview draft confidential proof watermark stock images do not copy property "
        "news weather sports science travel health beauty style love happy birthday thank good morning world dream "
        "power speed energy light dark blue green red gold silver king queen lion eagle tiger star moon sun "
        "fire ice "
        "I am going what is it never said where are they over there come back right now yes maybe later tomorrow"
    ),
    Script.ACCENTED: (
        "café crème brûlée été à côté déjà vu où hôtel forêt garçon façade naïve Noël œuvre straße größe für über "
        "schön grün frühstück äpfel öffnung geöffnet bäckerei señor mañana niño corazón aquí está años jamón "
        "piñata "
        "ação coração não informação açúcar pão são português łódź źródło żółty święto książka dziękuję kraków "
        "příliš žluťoučký kůň dvě město přátelé děkuji háček çığ güneş şehir öğretmen ışık tőke fűtés győr hűvös "
        "smörgås ångström gårdens blåbær smørrebrød på køkken ísland þing ævintýri più città perché così €19,90 "
        "£4.50 25°C n°7 ¡hola! ¿qué? «voilà» „gut“"
    ),
    Script.VIETNAMESE: (
        "phở bánh mì cà phê sữa đá nước mắm chào bạn cảm ơn nhà hàng đường phố Việt Nam thành tiếng người một "
        "hai ba bốn năm mới chúc mừng hạnh phúc giảm giá khuyến mãi miễn phí cửa hàng trường học"
    ),
    Script.CYRILLIC: (
        "открыто закрыто магазин хлеб молоко кофе чай улица проспект вход выход внимание осторожно распродажа "
        "скидка "
        "новый лучший сегодня завтра цена рублей аптека ресторан гостиница вокзал поезд город река парк музей "
        "добро пожаловать спасибо пожалуйста свежий дом ключ свет звезда мир любовь ночь утро день весна лето "
        "київ україна їжа ґанок привіт дякую село софия българия време площад"
    ),
    Script.GREEK: (
        "ανοιχτό κλειστό είσοδος έξοδος προσοχή ψωμί γάλα καφές νερό ελιά κρασί θάλασσα ήλιος νησί δρόμος πλατεία "
        "φαρμακείο ταβέρνα ξενοδοχείο καλημέρα ευχαριστώ παρακαλώ σήμερα νέο φρέσκο αγάπη ζωή φως κόσμος Ελλάδα "
        "Αθήνα προσφορά τιμή εκδόσεις"
    ),
    Script.HAN: (
        "欢迎光临 谢谢惠顾 小心地滑 禁止吸烟 请勿停车 出口 入口 停车场 洗手间 电梯 地铁站 火车站 机场 中国 北京 "
        "上海 广州 大学 "
        "图书馆 医院 药店 超市 饭店 火锅 牛肉面 奶茶 咖啡 早餐 水果 新鲜 美味 正品 包邮 限时 特价 优惠 满减 "
        "立即抢购 新品上市 "
        "全场五折 买一送一 品质保证 送货上门 官方旗舰店 终身质保 老字号 百年传承 手工制作 纯天然 高清 版权所有 "
        "请勿转载 样图 "
        "你知道吗 我们走吧 这是什么 没有问题 明天见 为什么 他说的话 时间 世界 人生 春夏秋冬 东南西北 风花雪月 "
        "山水 天下 "
        "龙凤 吉祥如意 恭喜发财 生日快乐 安全第一 注意安全 保持安静 节约用水"
    ),
    Script.JAPANESE: (
        "いらっしゃいませ ありがとう こんにちは おはよう さようなら すみません 営業中 準備中 定休日 入口 出口 "
        "非常口 お手洗い "
        "駐車場 禁煙 注意 立入禁止 東京 大阪 京都 駅前 ラーメン うどん そば すし カレー コーヒー ビール お茶 "
        "おにぎり 弁当 "
        "セール 新発売 限定 送料無料 お得 予約受付中 ありがとうございました どこへ行くの なんだって まさか "
        "そうだね 大丈夫 "
        "やめろ 行くぞ ドドド ガーン はい いいえ 夏祭り 花火 桜 温泉 旅館 写真 無断転載禁止 サンプル"
    ),
    Script.HANGUL: (
        "안녕하세요 감사합니다 어서오세요 영업중 준비중 입구 출구 화장실 주차장 금연 주의 서울 부산 역 시장 "
        "병원 약국 학교 "
        "커피 김밥 비빔밥 불고기 치킨 맥주 할인 신상품 무료배송 한정판매 오늘만 특가 최고 사랑해 괜찮아 어디가 "
        "그래서 뭐라고 "
        "내일 봐요 생일 축하 새해 복 많이 받으세요 무단복제금지"
    ),
    Script.ARABIC: (
        "مرحبا شكرا مفتوح مغلق مدخل مخرج ممنوع التدخين انتبه سوق مطعم قهوة شاي خبز ماء فندق مطار شارع مدينة "
        "القاهرة "
        "دبي بغداد جديد خصم عرض خاص اليوم فقط مجانا جودة عالية صباح الخير السلام عليكم حقوق محفوظة كتاب مدرسة "
        "مستشفى صيدلية نور سماء بحر"
    ),
    Script.HEBREW: (
        "שלום תודה ברוכים הבאים פתוח סגור כניסה יציאה זהירות אסור לעשן רחוב ירושלים תל אביב חנות שוק מסעדה קפה לחם "
        "מים חלב מבצע הנחה חדש היום בלבד חינם בוקר טוב לילה אהבה ספר בית אור ים שמש"
    ),
    Script.DEVANAGARI: (
        "नमस्ते धन्यवाद स्वागत है खुला बंद प्रवेश निकास सावधान बाज़ार दुकान चाय पानी दूध रोटी होटल सड़क दिल्ली "
        "मुंबई भारत "
        "नया विशेष छूट आज केवल मुफ़्त शुद्ध स्वाद मिठाई पुस्तक विद्यालय अस्पताल सूरज चाँद प्रेम शांति शुभ दीपावली"
    ),
    Script.THAI: (
        "สวัสดี ขอบคุณ ยินดีต้อนรับ เปิด ปิด ทางเข้า ทางออก ห้ามสูบบุหรี่ ระวัง ตลาด ร้านอาหาร กาแฟ ชา น้ำ ข้าว "
        "ส้มตำ โรงแรม "
        "ถนน กรุงเทพ เชียงใหม่ ลดราคา ใหม่ พิเศษ วันนี้ ฟรี อร่อย สุขภาพ รัก โรงเรียน โรงพยาบาล"
    ),
}

WORDS = MappingProxyType({script: tuple(text.split()) for script, text in _WORDS.items()})
INVENTORY = MappingProxyType(
    {script: "".join(sorted(set("".join(words)))) for script, words in WORDS.items()}
    | {Script.LATIN: "".join(chr(code) for code in range(33, 127))}
)
"""Every character that a script's words may use: a face covers a script if it has them all."""


def _price(rng: np.random.Generator) -> str:
    amount = float(rng.uniform(0.5, 10 ** rng.uniform(0.5, 4)))
    return str(
        rng.choice([f"${amount:.2f}", f"{amount:.2f}", f"{amount:.0f}.-", f"{amount:,.0f}", f"-{amount % 90:.0f}%"])
    )


def date(rng: np.random.Generator) -> str:
    """A date or a time, as people or cameras write it."""
    day, month, year = int(rng.integers(1, 29)), int(rng.integers(1, 13)), int(rng.integers(1950, 2050))
    hour, minute, second = (int(rng.integers(limit)) for limit in (24, 60, 60))
    iso, clock = f"{year}-{month:02d}-{day:02d}", f"{hour:02d}:{minute:02d}"
    forms = (
        f"{day:02d}.{month:02d}.{year}",
        iso,
        f"{month}/{day}/{year % 100:02d}",
        clock,
        f"{iso} {clock}:{second:02d}",
        f"'{year % 100:02d} {month} {day}",
    )
    return str(rng.choice(forms))


def _number(rng: np.random.Generator) -> str:
    digits = "".join(str(d) for d in rng.integers(0, 10, int(rng.integers(1, 9))))
    forms = (digits, f"No. {digits[:4]}", f"+{digits[:2]} {digits[2:]}", f"#{digits[:3]}", f"{digits[:3]}-{digits[3:]}")
    return str(rng.choice(forms)).strip()


def _address(rng: np.random.Generator) -> str:
    name = "".join(rng.choice(WORDS[Script.LATIN], 2))
    path = f"https://{name}.io/{int(rng.integers(9999))}"
    return str(rng.choice((f"www.{name}.com", f"{name}.org", f"@{name}", f"info@{name}.net", path)))


def _random_letters(rng: np.random.Generator, script: Script) -> str:
    # combining marks alone would draw dotted circles, so shaped scripts stay with their words
    if script in SHAPED:
        return str(rng.choice(WORDS[script]))
    letters = list(INVENTORY[script])
    return "".join(rng.choice(letters, int(rng.integers(1, 9))))


_FORMATS: tuple[Callable[[np.random.Generator], str], ...] = (_price, date, _number, _address)


def _cased(rng: np.random.Generator, text: str) -> str:
    roll = rng.random()
    if roll < 0.35:
        return text
    return text.upper() if roll < 0.65 else text.title()


def compose(rng: np.random.Generator, script: Script, length: int) -> str:
    """A line of about ``length`` characters (at least one word) in ``script``."""
    if script is Script.LATIN and rng.random() < 0.25:
        return _FORMATS[int(rng.integers(len(_FORMATS)))](rng)
    if rng.random() < 0.1:
        return _random_letters(rng, script)
    joint = "" if script in UNSPACED else " "
    words = WORDS[script]
    line = words[int(rng.integers(len(words)))]
    while len(line) < length:
        line += joint + words[int(rng.integers(len(words)))]
    if script not in UNSPACED and len(line) > 1.5 * length and " " in line:
        line = line.rsplit(" ", 1)[0]
    if script in UNSPACED and script not in SHAPED:
        line = line[: max(length, 1)]
    cased = _cased(rng, line) if script not in SHAPED else line
    return cased if set(cased) <= set(INVENTORY[script]) | {" "} else line
