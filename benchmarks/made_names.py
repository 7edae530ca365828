"""Company names that do not exist, as many as asked for, the same ones at each run.

The pieces repeat as they do in real registers: few places, trades and syllables carry most names.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

_SYLLABLES = """
华中国新天海东金大信盛安联创恒达通宏科德泰瑞兴远汇成美力明星凯龙丰润方正嘉宇博亚利源伟业百世普诚康佳永特飞翔鼎亿欣立银鑫万和智云诺顺鸿昌辉腾长江三元福隆富强建威格奥迪威思维尔斯巨卓越优胜雅景春晨旭光阳
正宝贝乐士友邦众合同济仁爱民心学文艺雷霆电力朗驰骏捷迅速尚品味鲜农绿野森林木水泉河湖山岳峰岭石磊玉晶莹珠翠兰梅竹菊松柏桂桐枫杨柳荣茂盈裕祥瑞吉庆喜悦欢畅舒适康健益寿延年时代纪元初始终极致远航启程起步跃
进步升晋级冠军旗帜标志向导引领航母舰艇神州九鼎一品双子四维
""".replace("\n", "")
_PLACES = """
深圳市 北京 上海 广州市 杭州 苏州 南京 成都 武汉 天津 重庆 西安 宁波 青岛 济南 长沙 厦门 福州
合肥 郑州 无锡 佛山市 东莞市 大连 沈阳 哈尔滨 长春 昆明 南宁 贵阳 太原 石家庄 南昌 珠海 常州
嘉兴 温州 绍兴 台州 金华 徐州 南通 烟台 潍坊 临沂 洛阳 浙江 江苏 广东 山东 福建 湖南 湖北
四川 安徽 河南 河北 江西 山西 陕西 辽宁 吉林省 黑龙江 云南 贵州 广西 海南 新疆 内蒙古 甘肃
"""
_TRADES = """
科技 电子 信息技术 实业 贸易 网络科技 生物科技 建筑工程 电气 机械 文化传媒 商贸 医药 食品 新材料
智能科技 环保科技 软件 物流 装备 教育科技 自动化 电子商务 汽车零部件 精密机械 医疗器械 投资
管理咨询
广告 化工 纺织 家具 建材 能源科技 光电科技 通信设备 供应链管理 农业发展 房地产开发 酒店管理
餐饮管理 服饰 塑胶制品 五金制品 包装材料 半导体 集成电路 数据服务 检测技术 工程设计
"""
_STARTS = """
al am an ar as at au ba be bel bio bo bra bri ca car ce cen cha cor cy da del den di do dy e ea ec el em en er
es eu fa fi fla fo ga ge gen gla go gra ha hel hi ho hy i im in is ja jo ka ke ki ko la le li lo lu ma me mi mo
my na ne ni no nu o ol om on op or os pa pe phi po pri pro qua ra re ri ro ru sa se si so sta ste su sy ta te
ter ti to tra tri u ul un va ve vi vo wa we wi xe ya ye za ze zo
"""
_ENDS = """
ra na ta la ma sa va don ton ron lon mon con tex dex nex lex vex rix nix lix dyne gen nova sys tron tech core
line mark field wood ford well land stone berg stein man son sen ler ner per ter ver ria nia sia tia lia mia go
lo co mo no ro to vo us is os as ix ax ox um on an in en
"""
_WORDS = """
Technology Systems Industries Electronics Pharma Medical Energy Networks Software Solutions Group Holdings
Capital Resources Foods Logistics Engineering Materials Semiconductor Communications Biotech Instruments Design
Trading International Automation Motors Chemicals Plastics Steel Mining Gold Robotics Security Data Media
Services Labs
"""
_SUFFIXES = (
    "Ltd",
    "Limited",
    "Inc.",
    "Inc",
    "LLC",
    "Co., Ltd.",
    "Corp.",
    "Corporation",
    "GmbH",
    "AG",
    "S.A.",
    "B.V.",
    "PLC",
    "",
)
_FORMS = ("有限公司",) * 14 + ("股份有限公司",) * 3 + ("有限责任公司",) * 2 + ("集团有限公司",)
PLACES, TRADES, STARTS, ENDS, WORDS = (words.split() for words in (_PLACES, _TRADES, _STARTS, _ENDS, _WORDS))


def _skewed(pick: random.Random, items: Sequence[str]) -> str:
    """Early items more often: about half of the draws come from the first third."""
    return items[int(len(items) * pick.random() ** 1.8)]


def chinese_name(pick: random.Random) -> str:
    brand = "".join(_skewed(pick, _SYLLABLES) for _ in range(pick.choice((2, 2, 2, 3))))
    place = _skewed(pick, PLACES) if pick.random() < 0.9 else ""
    return f"{place}{brand}{_skewed(pick, TRADES)}{pick.choice(_FORMS)}"


def english_name(pick: random.Random) -> str:
    brand = (
        pick.choice(STARTS) + pick.choice(STARTS) * (pick.random() < 0.5) + pick.choice(ENDS)
    ).capitalize()
    words = [brand] + [_skewed(pick, WORDS) for _ in range(pick.choice((1, 1, 2)))]
    return " ".join([*words, pick.choice(_SUFFIXES)]).strip()


def made_names(count: int, *, chinese: float = 0.7, seed: int = 20261101) -> Iterator[str]:
    """`count` names, `chinese` of them in Chinese; some occur twice, as in life."""
    pick = random.Random(seed)
    for _ in range(count):
        yield chinese_name(pick) if pick.random() < chinese else english_name(pick)
