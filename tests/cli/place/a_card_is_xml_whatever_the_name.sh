# Names with what XML has no characters for leave a card that is XML; the ways of TAP are one list.
python3 -c '
import json
json.dump({"gpu": "gb10", "workloads": [{"name": "a\ufffeb\uffffc", "size": "4GB"}, {"name": "+1", "size": "4GB"}]}, open("box.json", "w"))'
"$VRAMFIT" place box.json --card-svg card.svg >/dev/null
python3 -c '
import xml.dom.minidom
print(xml.dom.minidom.parse("card.svg").documentElement.tagName)'
printf '#!/bin/sh\nllama-server -m llama3.1-70b -c 8192 -ngl 99 --fit off\n' >run.sh
"$VRAMFIT" check run.sh --gpu rtx-4060 --format tap | sed -n '/would_fit/,/\.\.\./p'
exit 0
