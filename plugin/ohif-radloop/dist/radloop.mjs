var Refused=class extends Error{constructor(status,sentence){super(sentence);this.status=status}status};function ask(method,path,query,body){let sent=body===void 0?{method}:{method,headers:{"content-type":"application/json"},body:JSON.stringify(body)};return send(`/radloop/${path}?${new URLSearchParams(query)}`,sent)}function submitClass(image,label,about){let body=new FormData;return body.set("label",new Blob([JSON.stringify({label})]),"class.json"),body.set("params",JSON.stringify(about)),send(`/datastore/label?${new URLSearchParams({image})}`,{method:"PUT",body})}async function send(address,request){let response;try{response=await fetch(address,request)}catch{throw new Refused(0,"The server does not answer. Nothing is lost: try again when it is back.")}if(response.status===204)return;let said=await response.json().catch(()=>null);if(!response.ok||said===void 0){let sentence=typeof said?.detail=="string"?said.detail:`The server failed (${response.status}).`;throw new Refused(response.status,sentence)}return said}var server={cases:study=>ask("GET","cases",{study}),analyse:image=>ask("POST","analyse",{image}),measure:(image,contours)=>ask("POST","measure",{image},contours),labels:image=>ask("GET","labels",{image}),label:(image,id)=>ask("GET","label",{image,id}),submit:(image,submission)=>ask("PUT","labels",{image},submission),draft:image=>ask("GET","draft",{image}),keepDraft:(image,draft)=>ask("PUT","draft",{image},draft),forgetDraft:image=>ask("DELETE","draft",{image}),export:(image,contours)=>ask("POST","export",{image},contours),films:study=>ask("GET","films",{study}),classify:image=>ask("POST","classify",{image}),submitClass};async function pack(voxels){let zipped=await through(voxels,new CompressionStream("gzip")),binary="";for(let i5=0;i5<zipped.length;i5+=32768)binary+=String.fromCharCode(...zipped.subarray(i5,i5+32768));return btoa(binary)}async function unpack(planes){return through(Uint8Array.from(atob(planes),c4=>c4.charCodeAt(0)),new DecompressionStream("gzip"))}async function through(bytes,stream){let body=new Blob([bytes]).stream().pipeThrough(stream);return new Uint8Array(await new Response(body).arrayBuffer())}var Errands=class extends EventTarget{doing=null;problem=null;notice=null;turn=0;get author(){return localStorage.getItem("radloop.author")??""}setAuthor(name){localStorage.setItem("radloop.author",name),this.changed()}drop(){this.turn++,this.problem=this.notice=this.doing=null}async waitedFor(step){let{turn}=this;this.problem=this.notice=null;try{await step()}catch(error){turn===this.turn&&this.tell(error)}turn===this.turn&&(this.doing=null),this.changed()}does(what){this.doing=what,this.changed()}tell(error){error!==null&&!(error instanceof Refused)&&console.error(error),this.problem=error===null?null:error instanceof Error?error.message:String(error)}changed(){this.dispatchEvent(new Event("changed"))}};var TOOL_GROUP="default",STACK="@ohif/extension-default.sopClassHandlerModule.stack";var oneStack=(id,handler)=>({id,protocolMatchingRules:[],numberOfPriorsReferenced:0,defaultViewport:{viewportOptions:{viewportType:"stack",toolGroupId:TOOL_GROUP,allowUnmatchedView:!0},displaySets:[{id:"ours",matchedDisplaySetsIndex:-1}]},displaySetSelectors:{ours:{seriesMatchingRules:[{weight:100,attribute:"SOPClassHandlerId",constraint:{equals:{value:handler}}},{weight:10,attribute:"radloopPlace",constraint:{equals:{value:"first"}}},{weight:1,required:!0,attribute:"numImageFrames",constraint:{greaterThan:{value:0}}}]}},stages:[{name:"ours",viewportStructure:{layoutType:"grid",properties:{rows:1,columns:1}},viewports:[{viewportOptions:{viewportId:"radloop",viewportType:"stack",toolGroupId:TOOL_GROUP,allowUnmatchedView:!0},displaySets:[{id:"ours"}]}]}]});function bring({servicesManager},image){let{displaySetService,viewportGridService}=servicesManager.services,set=displaySetService.getActiveDisplaySets().find(one=>one.radloopImage===image);set&&viewportGridService.setDisplaySetsForViewports([{viewportId:viewportGridService.getActiveViewportId(),displaySetInstanceUIDs:[set.displaySetInstanceUID],viewportOptions:{viewportType:"stack",toolGroupId:TOOL_GROUP}}])}var COLOURS=[[0,0,4],[87,16,110],[188,55,84],[249,142,9],[252,255,164]];function tint(value){let at=value/255*(COLOURS.length-1),below=Math.min(COLOURS.length-2,Math.floor(at)),[from,to]=[COLOURS[below],COLOURS[below+1]],[r4,g2,b3]=from.map((channel,i5)=>Math.round(channel+(to[i5]-channel)*(at-below)));return[r4,g2,b3,value]}function paint({pixels,rows:rows2,columns}){let canvas=document.createElement("canvas");canvas.width=columns,canvas.height=rows2,canvas.className="radloop-heat",canvas.style.cssText="position:absolute;left:0;top:0;transform-origin:0 0;pointer-events:none";let picture=new ImageData(columns,rows2);return pixels.forEach((value,i5)=>picture.data.set(tint(value),4*i5)),canvas.getContext("2d").putImageData(picture,0,0),canvas}function lay(canvas,viewport){let shown=viewport.getImageData();if(!shown)return;let holder=viewport.element.querySelector(".viewport-element")??viewport.element;canvas.parentElement!==holder&&holder.insertBefore(canvas,holder.querySelector(":scope > svg"));let[columns,rows2]=shown.dimensions,corner=(column,row)=>viewport.worldToCanvas(shown.imageData.indexToWorld([column-.5,row-.5,0])),[x2,y3]=corner(0,0),[rightX,rightY]=corner(columns,0),[downX,downY]=corner(0,rows2),{width,height}=canvas,matrix=[(rightX-x2)/width,(rightY-y3)/width,(downX-x2)/height,(downY-y3)/height,x2,y3];canvas.style.transform=`matrix(${matrix.join(",")})`}var FilmView=class extends EventTarget{constructor(ohif,image){super();this.ohif=ohif;this.image=image;let{eventTarget,Enums,getEnabledElements}=window.cornerstone,{CAMERA_MODIFIED,ELEMENT_ENABLED,IMAGE_RENDERED,STACK_NEW_IMAGE,STACK_VIEWPORT_NEW_STACK}=Enums.Events,{signal}=this.stop,watch=element2=>{for(let kind of[CAMERA_MODIFIED,IMAGE_RENDERED])element2.addEventListener(kind,()=>this.draw(),{signal});for(let kind of[STACK_NEW_IMAGE,STACK_VIEWPORT_NEW_STACK])element2.addEventListener(kind,()=>this.moved(),{signal})};getEnabledElements().forEach(({viewport})=>watch(viewport.element)),eventTarget.addEventListener(ELEMENT_ENABLED,event=>watch(event.detail.element),{signal})}ohif;image;stop=new AbortController;layers=new Map;heat=null;opacity=0;close(){this.stop.abort(),this.cover(null,0)}get shown(){return this.viewports().length>0}bring(){bring(this.ohif,this.image)}invert(){for(let viewport of this.viewports())viewport.setProperties({invert:!viewport.getProperties().invert}),viewport.render()}cover(heat,opacity){heat!==this.heat&&this.clear(()=>!0),this.heat=heat,this.opacity=opacity,this.draw()}draw(){let{heat}=this,showing=heat&&this.opacity>0?this.viewports():[];this.clear(element2=>!showing.some(viewport=>viewport.element===element2));for(let viewport of showing){let layer=this.layers.get(viewport.element)??paint(heat);this.layers.set(viewport.element,layer),layer.style.opacity=String(this.opacity),lay(layer,viewport)}}clear(gone){for(let[element2,layer]of this.layers)gone(element2)&&(layer.remove(),this.layers.delete(element2))}viewports(){return window.cornerstone.getEnabledElements().map(({viewport})=>viewport).filter(({type})=>type==="stack").filter(viewport=>viewport.getImageIds()[viewport.getCurrentImageIdIndex()]?.includes(`/instances/${this.image}/`))}moved(){this.draw(),this.dispatchEvent(new Event("moved"))}};var Chest=class extends Errands{constructor(ohif){super();this.ohif=ohif}ohif;films=[];classes=[];film=null;answer=null;heat=null;view=null;said=null;heatShown=!0;opacity=.5;async find(studies){this.put();let{turn}=this;this.films=[],this.doing="Looking for chest X-rays";try{let found=await Promise.all(studies.map(study=>server.films(study)));if(turn!==this.turn)return;this.films=found.flatMap(({films})=>films).sort((a3,b3)=>Number(a3.lateral)-Number(b3.lateral)),this.classes=found[0].classes,this.films.length||(this.problem="This study has no radiograph (CR, DX or Secondary Capture).")}catch(error){this.tell(error)}this.doing=null,this.changed()}async begin(film){this.put(),this.film=film,this.said=film.labels[0]?.label??null,this.view=new FilmView(this.ohif,film.image),this.view.addEventListener("moved",()=>this.dispatchEvent(new Event("moved"))),await this.analyse()}put(){this.view?.close(),this.film=this.view=this.answer=this.heat=this.said=null,this.drop()}async analyse(){await this.waitedFor(async()=>{let{film,turn}=this.here();this.does("Looking at the film");let{answer,evidence}=await server.classify(film.image),heat=evidence&&{...evidence,pixels:await unpack(evidence.pixels)};turn===this.turn&&(this.answer=answer,this.heat=heat,film.state==="new"&&(film.state="analysed"),this.cover())})}say(label){this.said=label,this.notice=null,this.changed()}async submit(){await this.waitedFor(async()=>{let{film,turn}=this.here(),{answer,said}=this;if(!answer||said===null)return;this.does("Submitting");let{model,model_version:from_version}=answer,author=this.author.trim();await server.submitClass(film.image,said,{author,from_version,model});let submitted=new Date().toISOString();film.labels=[{id:submitted,label:said,author,submitted,from_version},...film.labels],film.state="submitted",turn===this.turn&&(this.notice="Your class is submitted.")})}showHeat(change){this.heatShown=change.shown??this.heatShown,this.opacity=change.opacity??this.opacity,this.cover(),this.changed()}cover(){this.view?.cover(this.heat,this.heatShown?this.opacity:0)}here(){if(!this.film)throw new Error("no film");return{film:this.film,turn:this.turn}}};/**
 * @license
 * Copyright 2019 Google LLC
 * SPDX-License-Identifier: BSD-3-Clause
 */var t=globalThis,e=t.ShadowRoot&&(t.ShadyCSS===void 0||t.ShadyCSS.nativeShadow)&&"adoptedStyleSheets"in Document.prototype&&"replace"in CSSStyleSheet.prototype,s=Symbol(),o=new WeakMap,n=class{constructor(t3,e4,o5){if(this._$cssResult$=!0,o5!==s)throw Error("CSSResult is not constructable. Use `unsafeCSS` or `css` instead.");this.cssText=t3,this.t=e4}get styleSheet(){let t3=this.o,s4=this.t;if(e&&t3===void 0){let e4=s4!==void 0&&s4.length===1;e4&&(t3=o.get(s4)),t3===void 0&&((this.o=t3=new CSSStyleSheet).replaceSync(this.cssText),e4&&o.set(s4,t3))}return t3}toString(){return this.cssText}},r=t3=>new n(typeof t3=="string"?t3:t3+"",void 0,s),i=(t3,...e4)=>{let o5=t3.length===1?t3[0]:e4.reduce((e5,s4,o6)=>e5+(t4=>{if(t4._$cssResult$===!0)return t4.cssText;if(typeof t4=="number")return t4;throw Error("Value passed to 'css' function must be a 'css' function result: "+t4+". Use 'unsafeCSS' to pass non-literal values, but take care to ensure page security.")})(s4)+t3[o6+1],t3[0]);return new n(o5,t3,s)},S=(s4,o5)=>{if(e)s4.adoptedStyleSheets=o5.map(t3=>t3 instanceof CSSStyleSheet?t3:t3.styleSheet);else for(let e4 of o5){let o6=document.createElement("style"),n4=t.litNonce;n4!==void 0&&o6.setAttribute("nonce",n4),o6.textContent=e4.cssText,s4.appendChild(o6)}},c=e?t3=>t3:t3=>t3 instanceof CSSStyleSheet?(t4=>{let e4="";for(let s4 of t4.cssRules)e4+=s4.cssText;return r(e4)})(t3):t3;/**
 * @license
 * Copyright 2017 Google LLC
 * SPDX-License-Identifier: BSD-3-Clause
 */var{is:i2,defineProperty:e2,getOwnPropertyDescriptor:h,getOwnPropertyNames:r2,getOwnPropertySymbols:o2,getPrototypeOf:n2}=Object,a=globalThis,c2=a.trustedTypes,l=c2?c2.emptyScript:"",p=a.reactiveElementPolyfillSupport,d=(t3,s4)=>t3,u={toAttribute(t3,s4){switch(s4){case Boolean:t3=t3?l:null;break;case Object:case Array:t3=t3==null?t3:JSON.stringify(t3)}return t3},fromAttribute(t3,s4){let i5=t3;switch(s4){case Boolean:i5=t3!==null;break;case Number:i5=t3===null?null:Number(t3);break;case Object:case Array:try{i5=JSON.parse(t3)}catch{i5=null}}return i5}},f=(t3,s4)=>!i2(t3,s4),b={attribute:!0,type:String,converter:u,reflect:!1,useDefault:!1,hasChanged:f};Symbol.metadata??=Symbol("metadata"),a.litPropertyMetadata??=new WeakMap;var y=class extends HTMLElement{static addInitializer(t3){this._$Ei(),(this.l??=[]).push(t3)}static get observedAttributes(){return this.finalize(),this._$Eh&&[...this._$Eh.keys()]}static createProperty(t3,s4=b){if(s4.state&&(s4.attribute=!1),this._$Ei(),this.prototype.hasOwnProperty(t3)&&((s4=Object.create(s4)).wrapped=!0),this.elementProperties.set(t3,s4),!s4.noAccessor){let i5=Symbol(),h3=this.getPropertyDescriptor(t3,i5,s4);h3!==void 0&&e2(this.prototype,t3,h3)}}static getPropertyDescriptor(t3,s4,i5){let{get:e4,set:r4}=h(this.prototype,t3)??{get(){return this[s4]},set(t4){this[s4]=t4}};return{get:e4,set(s5){let h3=e4?.call(this);r4?.call(this,s5),this.requestUpdate(t3,h3,i5)},configurable:!0,enumerable:!0}}static getPropertyOptions(t3){return this.elementProperties.get(t3)??b}static _$Ei(){if(this.hasOwnProperty(d("elementProperties")))return;let t3=n2(this);t3.finalize(),t3.l!==void 0&&(this.l=[...t3.l]),this.elementProperties=new Map(t3.elementProperties)}static finalize(){if(this.hasOwnProperty(d("finalized")))return;if(this.finalized=!0,this._$Ei(),this.hasOwnProperty(d("properties"))){let t4=this.properties,s4=[...r2(t4),...o2(t4)];for(let i5 of s4)this.createProperty(i5,t4[i5])}let t3=this[Symbol.metadata];if(t3!==null){let s4=litPropertyMetadata.get(t3);if(s4!==void 0)for(let[t4,i5]of s4)this.elementProperties.set(t4,i5)}this._$Eh=new Map;for(let[t4,s4]of this.elementProperties){let i5=this._$Eu(t4,s4);i5!==void 0&&this._$Eh.set(i5,t4)}this.elementStyles=this.finalizeStyles(this.styles)}static finalizeStyles(s4){let i5=[];if(Array.isArray(s4)){let e4=new Set(s4.flat(1/0).reverse());for(let s5 of e4)i5.unshift(c(s5))}else s4!==void 0&&i5.push(c(s4));return i5}static _$Eu(t3,s4){let i5=s4.attribute;return i5===!1?void 0:typeof i5=="string"?i5:typeof t3=="string"?t3.toLowerCase():void 0}constructor(){super(),this._$Ep=void 0,this.isUpdatePending=!1,this.hasUpdated=!1,this._$Em=null,this._$Ev()}_$Ev(){this._$ES=new Promise(t3=>this.enableUpdating=t3),this._$AL=new Map,this._$E_(),this.requestUpdate(),this.constructor.l?.forEach(t3=>t3(this))}addController(t3){(this._$EO??=new Set).add(t3),this.renderRoot!==void 0&&this.isConnected&&t3.hostConnected?.()}removeController(t3){this._$EO?.delete(t3)}_$E_(){let t3=new Map,s4=this.constructor.elementProperties;for(let i5 of s4.keys())this.hasOwnProperty(i5)&&(t3.set(i5,this[i5]),delete this[i5]);t3.size>0&&(this._$Ep=t3)}createRenderRoot(){let t3=this.shadowRoot??this.attachShadow(this.constructor.shadowRootOptions);return S(t3,this.constructor.elementStyles),t3}connectedCallback(){this.renderRoot??=this.createRenderRoot(),this.enableUpdating(!0),this._$EO?.forEach(t3=>t3.hostConnected?.())}enableUpdating(t3){}disconnectedCallback(){this._$EO?.forEach(t3=>t3.hostDisconnected?.())}attributeChangedCallback(t3,s4,i5){this._$AK(t3,i5)}_$ET(t3,s4){let i5=this.constructor.elementProperties.get(t3),e4=this.constructor._$Eu(t3,i5);if(e4!==void 0&&i5.reflect===!0){let h3=(i5.converter?.toAttribute!==void 0?i5.converter:u).toAttribute(s4,i5.type);this._$Em=t3,h3==null?this.removeAttribute(e4):this.setAttribute(e4,h3),this._$Em=null}}_$AK(t3,s4){let i5=this.constructor,e4=i5._$Eh.get(t3);if(e4!==void 0&&this._$Em!==e4){let t4=i5.getPropertyOptions(e4),h3=typeof t4.converter=="function"?{fromAttribute:t4.converter}:t4.converter?.fromAttribute!==void 0?t4.converter:u;this._$Em=e4;let r4=h3.fromAttribute(s4,t4.type);this[e4]=r4??this._$Ej?.get(e4)??r4,this._$Em=null}}requestUpdate(t3,s4,i5,e4=!1,h3){if(t3!==void 0){let r4=this.constructor;if(e4===!1&&(h3=this[t3]),i5??=r4.getPropertyOptions(t3),!((i5.hasChanged??f)(h3,s4)||i5.useDefault&&i5.reflect&&h3===this._$Ej?.get(t3)&&!this.hasAttribute(r4._$Eu(t3,i5))))return;this.C(t3,s4,i5)}this.isUpdatePending===!1&&(this._$ES=this._$EP())}C(t3,s4,{useDefault:i5,reflect:e4,wrapped:h3},r4){i5&&!(this._$Ej??=new Map).has(t3)&&(this._$Ej.set(t3,r4??s4??this[t3]),h3!==!0||r4!==void 0)||(this._$AL.has(t3)||(this.hasUpdated||i5||(s4=void 0),this._$AL.set(t3,s4)),e4===!0&&this._$Em!==t3&&(this._$Eq??=new Set).add(t3))}async _$EP(){this.isUpdatePending=!0;try{await this._$ES}catch(t4){Promise.reject(t4)}let t3=this.scheduleUpdate();return t3!=null&&await t3,!this.isUpdatePending}scheduleUpdate(){return this.performUpdate()}performUpdate(){if(!this.isUpdatePending)return;if(!this.hasUpdated){if(this.renderRoot??=this.createRenderRoot(),this._$Ep){for(let[t5,s5]of this._$Ep)this[t5]=s5;this._$Ep=void 0}let t4=this.constructor.elementProperties;if(t4.size>0)for(let[s5,i5]of t4){let{wrapped:t5}=i5,e4=this[s5];t5!==!0||this._$AL.has(s5)||e4===void 0||this.C(s5,void 0,i5,e4)}}let t3=!1,s4=this._$AL;try{t3=this.shouldUpdate(s4),t3?(this.willUpdate(s4),this._$EO?.forEach(t4=>t4.hostUpdate?.()),this.update(s4)):this._$EM()}catch(s5){throw t3=!1,this._$EM(),s5}t3&&this._$AE(s4)}willUpdate(t3){}_$AE(t3){this._$EO?.forEach(t4=>t4.hostUpdated?.()),this.hasUpdated||(this.hasUpdated=!0,this.firstUpdated(t3)),this.updated(t3)}_$EM(){this._$AL=new Map,this.isUpdatePending=!1}get updateComplete(){return this.getUpdateComplete()}getUpdateComplete(){return this._$ES}shouldUpdate(t3){return!0}update(t3){this._$Eq&&=this._$Eq.forEach(t4=>this._$ET(t4,this[t4])),this._$EM()}updated(t3){}firstUpdated(t3){}};y.elementStyles=[],y.shadowRootOptions={mode:"open"},y[d("elementProperties")]=new Map,y[d("finalized")]=new Map,p?.({ReactiveElement:y}),(a.reactiveElementVersions??=[]).push("2.1.2");/**
 * @license
 * Copyright 2017 Google LLC
 * SPDX-License-Identifier: BSD-3-Clause
 */var t2=globalThis,i3=t3=>t3,s2=t2.trustedTypes,e3=s2?s2.createPolicy("lit-html",{createHTML:t3=>t3}):void 0,h2="$lit$",o3=`lit$${Math.random().toFixed(9).slice(2)}$`,n3="?"+o3,r3=`<${n3}>`,l2=document,c3=()=>l2.createComment(""),a2=t3=>t3===null||typeof t3!="object"&&typeof t3!="function",u2=Array.isArray,d2=t3=>u2(t3)||typeof t3?.[Symbol.iterator]=="function",f2=`[ 	
\f\r]`,v=/<(?:(!--|\/[^a-zA-Z])|(\/?[a-zA-Z][^>\s]*)|(\/?$))/g,_=/-->/g,m=/>/g,p2=RegExp(`>|${f2}(?:([^\\s"'>=/]+)(${f2}*=${f2}*(?:[^ 	
\f\r"'\`<>=]|("|')|))|$)`,"g"),g=/'/g,$=/"/g,y2=/^(?:script|style|textarea|title)$/i,x=t3=>(i5,...s4)=>({_$litType$:t3,strings:i5,values:s4}),b2=x(1),w=x(2),T=x(3),E=Symbol.for("lit-noChange"),A=Symbol.for("lit-nothing"),C=new WeakMap,P=l2.createTreeWalker(l2,129);function V(t3,i5){if(!u2(t3)||!t3.hasOwnProperty("raw"))throw Error("invalid template strings array");return e3!==void 0?e3.createHTML(i5):i5}var N=(t3,i5)=>{let s4=t3.length-1,e4=[],n4,l3=i5===2?"<svg>":i5===3?"<math>":"",c4=v;for(let i6=0;i6<s4;i6++){let s5=t3[i6],a3,u3,d3=-1,f3=0;for(;f3<s5.length&&(c4.lastIndex=f3,u3=c4.exec(s5),u3!==null);)f3=c4.lastIndex,c4===v?u3[1]==="!--"?c4=_:u3[1]!==void 0?c4=m:u3[2]!==void 0?(y2.test(u3[2])&&(n4=RegExp("</"+u3[2],"g")),c4=p2):u3[3]!==void 0&&(c4=p2):c4===p2?u3[0]===">"?(c4=n4??v,d3=-1):u3[1]===void 0?d3=-2:(d3=c4.lastIndex-u3[2].length,a3=u3[1],c4=u3[3]===void 0?p2:u3[3]==='"'?$:g):c4===$||c4===g?c4=p2:c4===_||c4===m?c4=v:(c4=p2,n4=void 0);let x2=c4===p2&&t3[i6+1].startsWith("/>")?" ":"";l3+=c4===v?s5+r3:d3>=0?(e4.push(a3),s5.slice(0,d3)+h2+s5.slice(d3)+o3+x2):s5+o3+(d3===-2?i6:x2)}return[V(t3,l3+(t3[s4]||"<?>")+(i5===2?"</svg>":i5===3?"</math>":"")),e4]},S2=class _S{constructor({strings:t3,_$litType$:i5},e4){let r4;this.parts=[];let l3=0,a3=0,u3=t3.length-1,d3=this.parts,[f3,v2]=N(t3,i5);if(this.el=_S.createElement(f3,e4),P.currentNode=this.el.content,i5===2||i5===3){let t4=this.el.content.firstChild;t4.replaceWith(...t4.childNodes)}for(;(r4=P.nextNode())!==null&&d3.length<u3;){if(r4.nodeType===1){if(r4.hasAttributes())for(let t4 of r4.getAttributeNames())if(t4.endsWith(h2)){let i6=v2[a3++],s4=r4.getAttribute(t4).split(o3),e5=/([.?@])?(.*)/.exec(i6);d3.push({type:1,index:l3,name:e5[2],strings:s4,ctor:e5[1]==="."?I:e5[1]==="?"?L:e5[1]==="@"?z:H}),r4.removeAttribute(t4)}else t4.startsWith(o3)&&(d3.push({type:6,index:l3}),r4.removeAttribute(t4));if(y2.test(r4.tagName)){let t4=r4.textContent.split(o3),i6=t4.length-1;if(i6>0){r4.textContent=s2?s2.emptyScript:"";for(let s4=0;s4<i6;s4++)r4.append(t4[s4],c3()),P.nextNode(),d3.push({type:2,index:++l3});r4.append(t4[i6],c3())}}}else if(r4.nodeType===8)if(r4.data===n3)d3.push({type:2,index:l3});else{let t4=-1;for(;(t4=r4.data.indexOf(o3,t4+1))!==-1;)d3.push({type:7,index:l3}),t4+=o3.length-1}l3++}}static createElement(t3,i5){let s4=l2.createElement("template");return s4.innerHTML=t3,s4}};function M(t3,i5,s4=t3,e4){if(i5===E)return i5;let h3=e4!==void 0?s4._$Co?.[e4]:s4._$Cl,o5=a2(i5)?void 0:i5._$litDirective$;return h3?.constructor!==o5&&(h3?._$AO?.(!1),o5===void 0?h3=void 0:(h3=new o5(t3),h3._$AT(t3,s4,e4)),e4!==void 0?(s4._$Co??=[])[e4]=h3:s4._$Cl=h3),h3!==void 0&&(i5=M(t3,h3._$AS(t3,i5.values),h3,e4)),i5}var R=class{constructor(t3,i5){this._$AV=[],this._$AN=void 0,this._$AD=t3,this._$AM=i5}get parentNode(){return this._$AM.parentNode}get _$AU(){return this._$AM._$AU}u(t3){let{el:{content:i5},parts:s4}=this._$AD,e4=(t3?.creationScope??l2).importNode(i5,!0);P.currentNode=e4;let h3=P.nextNode(),o5=0,n4=0,r4=s4[0];for(;r4!==void 0;){if(o5===r4.index){let i6;r4.type===2?i6=new k(h3,h3.nextSibling,this,t3):r4.type===1?i6=new r4.ctor(h3,r4.name,r4.strings,this,t3):r4.type===6&&(i6=new Z(h3,this,t3)),this._$AV.push(i6),r4=s4[++n4]}o5!==r4?.index&&(h3=P.nextNode(),o5++)}return P.currentNode=l2,e4}p(t3){let i5=0;for(let s4 of this._$AV)s4!==void 0&&(s4.strings!==void 0?(s4._$AI(t3,s4,i5),i5+=s4.strings.length-2):s4._$AI(t3[i5])),i5++}},k=class _k{get _$AU(){return this._$AM?._$AU??this._$Cv}constructor(t3,i5,s4,e4){this.type=2,this._$AH=A,this._$AN=void 0,this._$AA=t3,this._$AB=i5,this._$AM=s4,this.options=e4,this._$Cv=e4?.isConnected??!0}get parentNode(){let t3=this._$AA.parentNode,i5=this._$AM;return i5!==void 0&&t3?.nodeType===11&&(t3=i5.parentNode),t3}get startNode(){return this._$AA}get endNode(){return this._$AB}_$AI(t3,i5=this){t3=M(this,t3,i5),a2(t3)?t3===A||t3==null||t3===""?(this._$AH!==A&&this._$AR(),this._$AH=A):t3!==this._$AH&&t3!==E&&this._(t3):t3._$litType$!==void 0?this.$(t3):t3.nodeType!==void 0?this.T(t3):d2(t3)?this.k(t3):this._(t3)}O(t3){return this._$AA.parentNode.insertBefore(t3,this._$AB)}T(t3){this._$AH!==t3&&(this._$AR(),this._$AH=this.O(t3))}_(t3){this._$AH!==A&&a2(this._$AH)?this._$AA.nextSibling.data=t3:this.T(l2.createTextNode(t3)),this._$AH=t3}$(t3){let{values:i5,_$litType$:s4}=t3,e4=typeof s4=="number"?this._$AC(t3):(s4.el===void 0&&(s4.el=S2.createElement(V(s4.h,s4.h[0]),this.options)),s4);if(this._$AH?._$AD===e4)this._$AH.p(i5);else{let t4=new R(e4,this),s5=t4.u(this.options);t4.p(i5),this.T(s5),this._$AH=t4}}_$AC(t3){let i5=C.get(t3.strings);return i5===void 0&&C.set(t3.strings,i5=new S2(t3)),i5}k(t3){u2(this._$AH)||(this._$AH=[],this._$AR());let i5=this._$AH,s4,e4=0;for(let h3 of t3)e4===i5.length?i5.push(s4=new _k(this.O(c3()),this.O(c3()),this,this.options)):s4=i5[e4],s4._$AI(h3),e4++;e4<i5.length&&(this._$AR(s4&&s4._$AB.nextSibling,e4),i5.length=e4)}_$AR(t3=this._$AA.nextSibling,s4){for(this._$AP?.(!1,!0,s4);t3!==this._$AB;){let s5=i3(t3).nextSibling;i3(t3).remove(),t3=s5}}setConnected(t3){this._$AM===void 0&&(this._$Cv=t3,this._$AP?.(t3))}},H=class{get tagName(){return this.element.tagName}get _$AU(){return this._$AM._$AU}constructor(t3,i5,s4,e4,h3){this.type=1,this._$AH=A,this._$AN=void 0,this.element=t3,this.name=i5,this._$AM=e4,this.options=h3,s4.length>2||s4[0]!==""||s4[1]!==""?(this._$AH=Array(s4.length-1).fill(new String),this.strings=s4):this._$AH=A}_$AI(t3,i5=this,s4,e4){let h3=this.strings,o5=!1;if(h3===void 0)t3=M(this,t3,i5,0),o5=!a2(t3)||t3!==this._$AH&&t3!==E,o5&&(this._$AH=t3);else{let e5=t3,n4,r4;for(t3=h3[0],n4=0;n4<h3.length-1;n4++)r4=M(this,e5[s4+n4],i5,n4),r4===E&&(r4=this._$AH[n4]),o5||=!a2(r4)||r4!==this._$AH[n4],r4===A?t3=A:t3!==A&&(t3+=(r4??"")+h3[n4+1]),this._$AH[n4]=r4}o5&&!e4&&this.j(t3)}j(t3){t3===A?this.element.removeAttribute(this.name):this.element.setAttribute(this.name,t3??"")}},I=class extends H{constructor(){super(...arguments),this.type=3}j(t3){this.element[this.name]=t3===A?void 0:t3}},L=class extends H{constructor(){super(...arguments),this.type=4}j(t3){this.element.toggleAttribute(this.name,!!t3&&t3!==A)}},z=class extends H{constructor(t3,i5,s4,e4,h3){super(t3,i5,s4,e4,h3),this.type=5}_$AI(t3,i5=this){if((t3=M(this,t3,i5,0)??A)===E)return;let s4=this._$AH,e4=t3===A&&s4!==A||t3.capture!==s4.capture||t3.once!==s4.once||t3.passive!==s4.passive,h3=t3!==A&&(s4===A||e4);e4&&this.element.removeEventListener(this.name,this,s4),h3&&this.element.addEventListener(this.name,this,t3),this._$AH=t3}handleEvent(t3){typeof this._$AH=="function"?this._$AH.call(this.options?.host??this.element,t3):this._$AH.handleEvent(t3)}},Z=class{constructor(t3,i5,s4){this.element=t3,this.type=6,this._$AN=void 0,this._$AM=i5,this.options=s4}get _$AU(){return this._$AM._$AU}_$AI(t3){M(this,t3)}};var B=t2.litHtmlPolyfillSupport;B?.(S2,k),(t2.litHtmlVersions??=[]).push("3.3.3");var D=(t3,i5,s4)=>{let e4=s4?.renderBefore??i5,h3=e4._$litPart$;if(h3===void 0){let t4=s4?.renderBefore??null;e4._$litPart$=h3=new k(i5.insertBefore(c3(),t4),t4,void 0,s4??{})}return h3._$AI(t3),h3};/**
 * @license
 * Copyright 2017 Google LLC
 * SPDX-License-Identifier: BSD-3-Clause
 */var s3=globalThis,i4=class extends y{constructor(){super(...arguments),this.renderOptions={host:this},this._$Do=void 0}createRenderRoot(){let t3=super.createRenderRoot();return this.renderOptions.renderBefore??=t3.firstChild,t3}update(t3){let r4=this.render();this.hasUpdated||(this.renderOptions.isConnected=this.isConnected),super.update(t3),this._$Do=D(r4,this.renderRoot,this.renderOptions)}connectedCallback(){super.connectedCallback(),this._$Do?.setConnected(!0)}disconnectedCallback(){super.disconnectedCallback(),this._$Do?.setConnected(!1)}render(){return E}};i4._$litElement$=!0,i4.finalized=!0,s3.litElementHydrateSupport?.({LitElement:i4});var o4=s3.litElementPolyfillSupport;o4?.({LitElement:i4});(s3.litElementVersions??=[]).push("4.2.2");/**
 * @license
 * Copyright 2022 Google LLC
 * SPDX-License-Identifier: BSD-3-Clause
 */var style=i`
  :host {
    --ink: #e9eef6;
    --dim: #93a3bd;
    --line: #22304b;
    --raised: #131c30;
    --accent: #5acce6;
    --warn: #f4c76b;
    --bad: #ff8f8f;
    --good: #6fd6a0;
    display: block;
    height: 100%;
    overflow-y: auto;
    scrollbar-width: thin;
    scrollbar-color: var(--line) transparent;
    box-sizing: border-box;
    color: var(--ink);
    font: 13px/1.45 Inter, system-ui, sans-serif;
    font-variant-numeric: tabular-nums;
  }
  * {
    box-sizing: border-box;
  }
  section {
    padding: 12px 14px;
    border-bottom: 1px solid var(--line);
  }
  header {
    padding: 10px 14px;
    border-bottom: 1px solid var(--line);
  }
  .research {
    color: var(--dim);
    font-size: 12px;
  }
  h2 {
    margin: 0 0 8px;
    font-size: 11px;
    font-weight: 600;
    letter-spacing: 0.07em;
    text-transform: uppercase;
    color: var(--dim);
  }
  h1 {
    margin: 0;
    font-size: 15px;
    font-weight: 600;
  }
  p {
    margin: 0 0 6px;
  }
  p:last-child {
    margin-bottom: 0;
  }
  .row {
    display: flex;
    align-items: center;
    gap: 6px;
    flex-wrap: wrap;
  }
  .row + .row {
    margin-top: 8px;
  }
  .pair {
    display: inline-flex;
    align-items: center;
    gap: 6px;
  }
  .spread {
    justify-content: space-between;
  }
  .dim {
    color: var(--dim);
  }
  button,
  select,
  input[type='text'] {
    font: inherit;
    color: var(--ink);
    background: var(--raised);
    border: 1px solid var(--line);
    border-radius: 6px;
    padding: 4px 10px;
    min-height: 28px;
  }
  button {
    cursor: pointer;
  }
  button:hover:not(:disabled) {
    border-color: var(--accent);
  }
  button:focus-visible,
  input:focus-visible,
  select:focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 1px;
  }
  button:disabled {
    opacity: 0.45;
    cursor: default;
  }
  button[aria-pressed='true'] {
    background: #1d3a52;
    border-color: var(--accent);
  }
  button.main {
    background: var(--accent);
    border-color: var(--accent);
    color: #04202a;
    font-weight: 600;
  }
  button.link {
    background: none;
    border: none;
    padding: 0;
    min-height: 0;
    color: var(--accent);
  }
  input[type='range'] {
    flex: 1;
    min-width: 60px;
    accent-color: var(--accent);
  }
  input[type='text'] {
    flex: 1;
    min-width: 0;
  }
  .pill {
    border-radius: 99px;
    padding: 1px 9px;
    font-size: 11px;
    background: var(--raised);
    border: 1px solid var(--line);
    color: var(--dim);
  }
  .pill.submitted {
    color: var(--good);
    border-color: #2b6b4c;
  }
  .pill.reviewed,
  .pill.draft {
    color: var(--warn);
    border-color: #6b5a2b;
  }
  .messages {
    position: sticky; /* what is said is seen wherever a person has scrolled to */
    top: 0;
    z-index: 1;
  }
  .message {
    padding: 8px 14px;
    border-bottom: 1px solid var(--line);
    background: var(--raised);
  }
  .message.problem {
    color: var(--bad);
    border-left: 3px solid var(--bad);
  }
  .message.notice {
    color: var(--good);
    border-left: 3px solid var(--good);
  }
  .message.question {
    border-left: 3px solid var(--warn);
  }
  .busy::before {
    content: '';
    display: inline-block;
    width: 11px;
    height: 11px;
    margin-right: 8px;
    border: 2px solid var(--accent);
    border-top-color: transparent;
    border-radius: 50%;
    animation: turn 0.9s linear infinite;
    vertical-align: -1px;
  }
  @keyframes turn {
    to {
      transform: rotate(1turn);
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .busy::before {
      animation-duration: 4s;
    }
  }
  .efs {
    display: grid;
    grid-template-columns: 1fr 1fr;
    gap: 8px;
  }
  .ef {
    background: var(--raised);
    border-radius: 8px;
    padding: 8px 10px;
    border-left: 3px solid var(--tint);
  }
  .ef b {
    display: block;
    font-size: 24px;
    font-weight: 600;
    line-height: 1.2;
  }
  .ef b small {
    font-size: 14px;
    font-weight: 400;
    color: var(--dim);
  }
  .verdict {
    display: flex;
    justify-content: space-between;
    align-items: baseline;
    margin-bottom: 6px;
    font-size: 22px;
    font-weight: 600;
  }
  .verdict.abstained {
    color: var(--warn);
  }
  .meaning {
    margin: 8px 0;
    font-size: 12px;
  }
  select {
    max-width: 100%;
  }
  table {
    width: 100%;
    border-collapse: collapse;
  }
  th,
  td {
    padding: 3px 0;
    text-align: right;
    font-weight: 400;
  }
  th:first-child {
    text-align: left;
    color: var(--dim);
  }
  thead th {
    color: var(--dim);
    font-size: 12px;
  }
  tbody tr {
    border-top: 1px solid #19243b;
  }
  .behind {
    color: var(--dim);
  }
  .swatch {
    display: inline-block;
    width: 9px;
    height: 9px;
    border-radius: 3px;
    margin-right: 6px;
    background: var(--tint);
  }
  .curves {
    display: block;
    width: 100%;
    cursor: pointer;
  }
  .curves text {
    fill: var(--dim);
    font-size: 10px;
  }
  .curves .grid {
    stroke: var(--line);
  }
  .curves line.phase {
    stroke: var(--dim);
    stroke-dasharray: 2 3;
  }
  .curves .now {
    stroke: var(--accent);
    stroke-width: 1.5;
  }
  .bar {
    display: grid;
    grid-template-columns: 1fr 90px 44px;
    gap: 8px;
    align-items: center;
    color: var(--dim);
  }
  details {
    border-top: 1px solid var(--line);
    padding-top: 6px;
    margin-top: 4px;
  }
  summary {
    cursor: pointer;
    display: flex;
    justify-content: space-between;
  }
  summary::after {
    content: '▾';
    color: var(--dim);
    margin-left: 8px;
  }
  summary span {
    flex: 1;
  }
  details[open] summary {
    margin-bottom: 4px;
  }
  .bar i {
    height: 6px;
    border-radius: 3px;
    background: linear-gradient(to right, var(--accent) var(--part), var(--line) var(--part));
  }
  .bar span:last-child {
    text-align: right;
    white-space: nowrap;
  }
  ul {
    margin: 0;
    padding: 0;
    list-style: none;
  }
  .warnings {
    margin: 8px 0;
    padding: 5px 10px;
    border-left: 3px solid var(--warn);
    background: #211d14;
    border-radius: 0 6px 6px 0;
    font-size: 12px;
  }
  .warnings li {
    padding: 2px 0;
  }
  .labels li {
    display: flex;
    justify-content: space-between;
    align-items: baseline;
    gap: 8px;
    padding: 4px 0;
    border-top: 1px solid #19243b;
  }
  .labels li:first-child {
    border-top: none;
  }
  .map {
    display: block;
    width: 100%;
    cursor: pointer;
    border-radius: 4px;
  }
  .map rect {
    fill: #1b2740;
  }
  .map rect.marked {
    fill: #2f7f5d;
  }
  .map rect.edited {
    fill: var(--good);
  }
  .map rect.out {
    fill: #0a0f1a;
    stroke: #3b4a68;
  }
  .map rect.here {
    stroke: #fff;
    stroke-width: 1.5;
  }
  .map text {
    fill: var(--dim);
    font-size: 9px;
  }
  .legend span {
    margin-right: 12px;
    font-size: 12px;
    color: var(--dim);
  }
`;var RESEARCH=b2`<div class="research">For research, not a medical device.</div>`,AskingPanel=class extends i4{static styles=style;question=null;again=()=>this.requestUpdate();connectedCallback(){super.connectedCallback(),this.errands.addEventListener("changed",this.again),this.errands.addEventListener("moved",this.again);for(let kind of["keydown","keypress","keyup"])this.renderRoot.addEventListener(kind,event=>{isMeantForField(event)&&event.stopPropagation()})}disconnectedCallback(){super.disconnectedCallback(),this.errands.removeEventListener("changed",this.again),this.errands.removeEventListener("moved",this.again)}ask(question){this.question=question,this.requestUpdate()}updated(changed){super.updated(changed),this.question&&this.renderRoot.querySelector(".question button")?.focus()}messages(){let{question}=this,{doing,problem,notice}=this.errands,answer=yes=>{this.ask(null),yes&&question?.then()};return b2`<div class="messages">
      ${doing?b2`<div class="message busy" role="status" data-test="doing">${doing} …</div>`:A}
      ${problem?b2`<div class="message problem" role="alert" data-test="problem">${problem}</div>`:A}
      ${notice?b2`<div class="message notice" role="status" data-test="notice">${notice}</div>`:A}
      ${question?b2`<div class="message question" role="alertdialog" data-test="question">
            <p>${question.text}</p>
            <div class="row">
              <button @click=${()=>answer(!1)}>Cancel</button>
              <button class="main" data-test="yes" @click=${()=>answer(!0)}>${question.yes}</button>
            </div>
          </div>`:A}
    </div>`}};function isMeantForField({target,ctrlKey,metaKey}){return target instanceof HTMLSelectElement?!0:target instanceof HTMLInputElement&&(target.type==="text"||!(ctrlKey||metaKey))}function share(probability){let percent2=Math.round(100*probability);return percent2===0?"< 1 %":percent2===100?"> 99 %":`${percent2} %`}function meaning({positive,prior,threshold}){return positive===null||prior===null||threshold===null?"Calibrated as if all classes were equally frequent: of films with 70 % for a class, about 70 in 100 are then of it. The most probable class is named.":`Calibrated for a place where ${Math.round(100*prior)} of 100 films show ${positive}: of those with 70 %, about 70 in 100 then do. Where it is rarer, the true share is lower, and higher where it is more frequent. ${positive[0].toUpperCase()}${positive.slice(1)} is named from ${share(threshold)} on.`}var ChestPanel=class _ChestPanel extends AskingPanel{static chest;chest=_ChestPanel.chest;allTheSame=null;get errands(){return this.chest}render(){let{answer,film}=this.chest;return b2`
      ${this.heading()} ${this.messages()} ${this.whatNow()}
      ${answer?answer.abstained?this.abstention(answer):b2`${this.results(answer)} ${this.evidence(answer)}`:A}
      ${answer&&film?this.yours(film,answer):A} ${film?.labels.length?this.earlier(film.labels):A}
    `}heading(){let{chest:chest3}=this,{film,films}=chest3,choose=event=>{let chosen=films.find(({image})=>image===event.target.value);chosen&&this.choose(chosen)};return b2`<header>
      <div class="row spread">
        <h1>Chest X-ray</h1>
        ${film?b2`<span class="pill ${film.state}" data-test="state">${film.state}</span>`:A}
      </div>
      ${RESEARCH}
      ${films.length>1?b2`<div class="row" style="margin-top:8px">
            <select aria-label="Film" data-test="films" @change=${choose}>
              ${films.map((one,i5)=>b2`<option value=${one.image} ?selected=${one===film}>${named(one,i5,films)}</option>`)}
            </select>
          </div>`:A}
    </header>`}whatNow(){let{film,answer,view,doing}=this.chest;return!film||doing?A:answer?view?.shown?A:b2`<div class="message row spread">
      The viewer shows another image. <button data-test="bring" @click=${()=>view?.bring()}>Show the film</button>
    </div>`:b2`<section>
        <button class="main" data-test="analyse" @click=${()=>this.chest.analyse()}>Analyse</button>
      </section>`}abstention(answer){return b2`<section data-test="abstained">
      <div class="verdict abstained">No answer</div>
      <p data-test="reason">${answer.reason}</p>
      <p class="dim">The model only speaks of frontal chest X-rays like those that it has learned from.</p>
      ${this.warnings(answer)} ${version(answer)}
    </section>`}results(answer){let ordered=Object.entries(answer.prediction).sort(([,a3],[,b3])=>b3-a3);return b2`<section>
      <div class="verdict">
        <span data-test="label">${answer.label}</span>
        <span class="dim" data-test="probability" data-value=${answer.prediction[answer.label]}>${share(answer.prediction[answer.label])}</span>
      </div>
      ${this.warnings(answer)}
      <div data-test="probabilities">
        ${ordered.map(([name,part])=>b2`<div class="bar" data-class=${name} data-value=${part}>
              <span>${name}</span><i style="--part:${100*part}%"></i><span>${share(part)}</span>
            </div>`)}
      </div>
      <p class="meaning dim" data-test="meaning">${meaning(answer)}</p>
      ${version(answer)}
    </section>`}evidence(answer){let{chest:chest3}=this;if(!chest3.heat)return A;let shown=chest3.heatShown,percent2=Math.round(100*chest3.opacity),slide=event=>chest3.showHeat({opacity:Number(event.target.value)/100,shown:!0});return b2`<section>
      <h2>Heat map</h2>
      <div class="row">
        <button data-test="heat" @click=${()=>chest3.showHeat({shown:!shown})}>${shown?"Hide":"Show"}</button>
        <input type="range" aria-label="Opacity of the heat map" data-test="opacity" min="0" max="100" .value=${String(percent2)} @input=${slide} />
        <span class="dim">opacity ${percent2} %</span>
      </div>
      <p class="meaning dim">
        Bright is where the model saw the most that speaks for ${answer.positive??answer.label}, compared with the rest of this
        film. It says nothing about how much that is, and does not outline a finding.
      </p>
    </section>`}yours(film,answer){let{chest:chest3}=this;if(answer.abstained&&this.allTheSame!==film&&!film.labels.length)return b2`<section>
        <h2>Your class</h2>
        <button data-test="all-the-same" @click=${()=>this.sayAllTheSame(film)}>Say a class all the same …</button>
      </section>`;let ready=chest3.said!==null&&chest3.author.trim()!==""&&chest3.doing===null;return b2`<section>
      <h2>Your class</h2>
      <div class="row" role="group" aria-label="Your class">
        ${chest3.classes.map(name=>b2`<button data-test="say" data-class=${name} aria-pressed=${chest3.said===name} @click=${()=>chest3.say(name)}>
              ${name}
            </button>`)}
      </div>
      <div class="row">
        <input type="text" data-test="author" placeholder="Your name" aria-label="Your name" maxlength="100" .value=${chest3.author}
          @input=${event=>chest3.setAuthor(event.target.value)} />
        <button class="main" data-test="submit" ?disabled=${!ready} title=${ready?"":"Choose a class and give your name"}
          @click=${()=>chest3.submit()}>Submit</button>
      </div>
    </section>`}earlier(labels){return b2`<section>
      <h2>Said by people</h2>
      <ul class="labels" data-test="labels">
        ${labels.map(({label,author,submitted})=>b2`<li>
              <span>${label}<br /><span class="dim">${author||"unknown"} · ${new Date(submitted).toLocaleString()}</span></span>
            </li>`)}
      </ul>
    </section>`}warnings({warnings}){if(!warnings.length)return A;let negative=warnings.some(({code})=>code==="PHOTOMETRIC_WRONG");return b2`<ul class="warnings" data-test="warnings">
      ${warnings.map(({code,text})=>b2`<li data-code=${code}>${text}</li>`)}
      ${negative?b2`<li>
            The viewer follows the header.
            <button data-test="invert" ?disabled=${!this.chest.view?.shown} @click=${()=>this.chest.view?.invert()}>Invert the picture</button>
          </li>`:A}
    </ul>`}async choose(film){let begun=this.chest.begin(film);this.chest.view?.bring(),await begun}sayAllTheSame(film){this.allTheSame=film,this.requestUpdate()}},version=({model,model_version})=>b2`<div class="dim" data-test="version">${model} ${model_version}</div>`;function named(film,i5,films){let name=one=>[one.view,one.description].filter(Boolean).join(" · "),number2=films.filter(one=>name(one)===name(film)).length>1?` (${films.slice(0,i5+1).filter(one=>name(one)===name(film)).length})`:"";return`${name(film)}${number2}${film.lateral?", not frontal":""}`}var HANDLER="radloop.sopClassHandlerModule.cine",MR=["1.2.840.10008.5.1.4.1.1.4","1.2.840.10008.5.1.4.1.1.4.1","1.2.840.10008.5.1.4.1.1.4.4"];function cineHandler({extensionManager},cases){let waiting=new Map;return{name:"cine",sopClassUids:MR,getDisplaySetsFromSeries(instances){let stack=extensionManager.getModuleEntry(STACK),sets=[];for(let cine of cases()){let order=[...new Set(cine.planes.map(plane=>plane.instance))],come=waiting.get(cine.image)??new Map;waiting.set(cine.image,come);let before=come.size;for(let one of instances)order.includes(one.SOPInstanceUID)&&come.set(one.SOPInstanceUID,one);if(come.size===before||come.size<order.length)continue;let ordered=order.map(uid=>come.get(uid)),[set]=stack.getDisplaySetsFromSeries([...ordered]);set.images.splice(0,set.images.length,...ordered),set.setAttributes({radloopImage:cine.image,SOPClassHandlerId:HANDLER,label:cine.description,numImageFrames:cine.planes.length,isDynamicVolume:!1,isReconstructable:!1}),sets.push(set),waiting.delete(cine.image)}return sets}}}var HANDLER2="radloop.sopClassHandlerModule.film",FILMS=["1.2.840.10008.5.1.4.1.1.1","1.2.840.10008.5.1.4.1.1.1.1","1.2.840.10008.5.1.4.1.1.1.1.1","1.2.840.10008.5.1.4.1.1.7"];function filmHandler({extensionManager},films){return{name:"film",sopClassUids:FILMS,getDisplaySetsFromSeries(instances){let known=films();return instances.flatMap(instance=>{let place=known.findIndex(({image})=>image===instance.SOPInstanceUID);if(place<0)return[];let[set]=extensionManager.getModuleEntry(STACK).getDisplaySetsFromSeries([instance]);return set.setAttributes({radloopImage:instance.SOPInstanceUID,radloopPlace:place===0?"first":"later",SOPClassHandlerId:HANDLER2,numImageFrames:1}),[set]})}}}function countVoxels(plane){let counts=new Uint32Array(4);for(let i5=0;i5<plane.length;i5++)counts[plane[i5]]++;return counts}function phasesOf(lv){if(lv.length<2||!lv.some(volume2=>volume2>0))return null;let ed=lv.indexOf(Math.max(...lv)),others=lv.map((volume2,frame)=>frame===ed?1/0:volume2);return{ed,es:others.indexOf(Math.min(...others))}}function ejectionFraction(edv,esv){return edv>0&&esv<=edv?100*(edv-esv)/edv:null}function counted(contours,ml,byHand){let lv=contours.curve(3).map(n4=>n4*ml),rv=contours.curve(1).map(n4=>n4*ml),found=phasesOf(lv);if(!found)return null;let ed=byHand.ed??found.ed,es=byHand.es??found.es;return{lv,rv,ed,es,lvEf:ejectionFraction(lv[ed],lv[es]),rvEf:ejectionFraction(rv[ed],rv[es])}}function placesOf(planes,{frames,slices}){let chosen=new Set(planes),places={};for(let frame=0;frame<frames;frame++){let named2=range(slices).filter(slice=>chosen.has(frame*slices+slice));named2.length&&(places[frame+1]=named2.length===slices?"all":named2.map(slice=>slice+1))}return places}function planesOf(places,{slices}){let planes=new Set;for(let[frame,named2]of Object.entries(places)){let first=(Number(frame)-1)*slices;for(let slice of named2==="all"?range(slices):named2.map(n4=>n4-1))planes.add(first+slice)}return planes}function planesFor(mark,at,{frames,slices},phases){let whole=frame=>range(slices).map(slice=>frame*slices+slice);return mark==="slice"?[at.frame*slices+at.slice]:mark==="frame"?whole(at.frame):mark==="all"?range(frames*slices):phases?[...whole(phases.ed),...whole(phases.es)]:[]}var range=n4=>Array.from({length:n4},(_2,i5)=>i5);var Contours=class{constructor(voxels,grid,base=voxels.slice()){this.voxels=voxels;this.base=base;this.frames=grid.frames,this.slices=grid.slices,this.size=voxels.length/(grid.frames*grid.slices),this.empty=new Uint8Array(this.size),this.counts=range(grid.frames*grid.slices).map(plane=>countVoxels(this.kept(plane)))}voxels;base;frames;slices;leftOut=new Set;edited=new Set;size;empty;counts;shown(plane){return this.leftOut.has(plane)?this.empty:this.kept(plane)}allShown(){let all=this.voxels.slice();for(let plane of this.leftOut)all.fill(0,plane*this.size,(plane+1)*this.size);return all}curve(structure){return range(this.frames).map(frame=>range(this.slices).reduce((sum,slice)=>{let plane=frame*this.slices+slice;return sum+(this.leftOut.has(plane)?0:this.counts[plane][structure])},0))}draw(plane,drawn){if(same(drawn,this.shown(plane)))return!1;let kept=this.kept(plane);return this.leftOut.delete(plane)?drawn.forEach((label,i5)=>label&&(kept[i5]=label)):kept.set(drawn),this.counts[plane]=countVoxels(kept),same(kept,this.base.subarray(plane*this.size,(plane+1)*this.size))?this.edited.delete(plane):this.edited.add(plane),!0}leaveOut(planes,out){for(let plane of planes)out?this.leftOut.add(plane):this.leftOut.delete(plane)}kept(plane){return this.voxels.subarray(plane*this.size,(plane+1)*this.size)}};function same(a3,b3){for(let i5=0;i5<a3.length;i5++)if(a3[i5]!==b3[i5])return!1;return a3.length===b3.length}var Keeper=class{numbers=new Map;queue=Promise.resolve();follows(image,draft){this.numbers.set(image,draft.number??0)}keep(image,draft){return this.next(async()=>{let{number:number2}=await server.keepDraft(image,{...await draft,number:this.numbers.get(image)??0});this.numbers.set(image,number2)})}forget(image){return this.next(async()=>{await server.forgetDraft(image),this.numbers.delete(image)})}submitted(image){this.numbers.delete(image)}async idle(){await this.queue.catch(()=>{})}next(step){let done=this.idle().then(step);return this.queue=done.catch(()=>{}),done}};var AFTER_STROKE_MS=500,AGAIN_MS=5e3,Following=class{constructor(listener,author){this.listener=listener;this.author=author}listener;author;saving="nothing";measurements=null;behind=!1;work=null;keeper=new Keeper;last=Promise.resolve();timer=0;changes=0;begin(work,measurements){this.work=work,this.measurements=measurements,this.behind=!1,this.saving="nothing"}async resume(work,draft){this.keeper.follows(work.cine.image,draft),this.work=work,this.measurements=null,this.saving="kept",await this.measure()}end(){let{work}=this;work&&(this.saving==="waiting"||this.saving==="failed")&&this.keeper.keep(work.cine.image,work.draft(this.author())).catch(error=>console.error(error)),window.clearTimeout(this.timer),this.work=this.measurements=null,this.behind=!1,this.saving="nothing"}touched(figures){figures&&(this.behind=!0),this.changes++,this.saving="waiting",this.later(AFTER_STROKE_MS)}async forget(cine){await this.pause(),cine.draft&&await this.keeper.forget(cine.image),cine.draft=!1,this.saving="nothing"}async pause(){window.clearTimeout(this.timer),await this.last}submitted(work){this.work=work,this.keeper.submitted(work.cine.image),work.cine.draft=!1,this.saving="nothing"}idle(){return this.keeper.idle()}later(ms){window.clearTimeout(this.timer),this.timer=window.setTimeout(()=>this.follow(),ms)}follow(){let{work,last}=this;this.last=(async()=>{await last,work===this.work&&(await this.keep(),this.behind&&await this.measure())})()}async keep(){let{work}=this;if(!work||this.saving==="nothing")return;this.saving="waiting";let before=this.changes;try{if(await this.keeper.keep(work.cine.image,work.draft(this.author())),work!==this.work)return;before===this.changes&&(this.saving="kept"),work.cine.draft=!0,this.listener.tell(null)}catch(error){if(work!==this.work)return;this.saving="failed",this.failed(error)}this.listener.changed()}async measure(){let{work}=this;if(work){this.behind=!1;try{let measurements=await server.measure(work.cine.image,await work.said());if(work!==this.work||this.behind)return;this.measurements=measurements}catch(error){if(work!==this.work)return;this.behind=!0,this.failed(error)}this.listener.changed()}}failed(error){this.listener.tell(error),mayPass(error)&&this.later(AGAIN_MS)}},mayPass=error=>error instanceof Refused&&[0,429,502,503,504].includes(error.status);var OHIF_TOOLS={look:"WindowLevel",brush:"CircularBrush",eraser:"CircularEraser"},LOOKS={outline:{renderFill:!1,renderOutline:!0,outlineWidth:2},fill:{renderFill:!0,renderOutline:!0,outlineWidth:1,fillAlpha:.35},none:{renderFill:!1,renderOutline:!1}},CineView=class extends EventTarget{constructor(ohif,cine,segments){super();this.ohif=ohif;this.cine=cine;this.segments=segments;let{eventTarget,Enums,utilities,getEnabledElements}=window.cornerstone;this.segmentationId=`radloop-${utilities.uuidv4()}`,cine.planes.forEach(({instance,frame},plane)=>this.planeOf.set(`${instance}/${frame}`,plane));let{signal}=this.stop,watch=element2=>{let moved=()=>this.moved();element2.addEventListener(Enums.Events.STACK_NEW_IMAGE,moved,{signal}),element2.addEventListener(Enums.Events.STACK_VIEWPORT_NEW_STACK,moved,{signal}),element2.addEventListener("wheel",event=>this.wheel(event),{signal,capture:!0,passive:!1})};getEnabledElements().forEach(({viewport})=>watch(viewport.element)),eventTarget.addEventListener(Enums.Events.ELEMENT_ENABLED,event=>watch(event.detail.element),{signal});let{Events}=window.cornerstoneTools.Enums,modified=event=>{if(event.detail.segmentationId!==this.segmentationId)return;let at=this.position();at&&this.drawn([at.frame*cine.slices+at.slice])};eventTarget.addEventListener(Events.SEGMENTATION_DATA_MODIFIED,modified,{signal});let all=()=>this.drawn(range(this.labelImages.length));eventTarget.addEventListener(Events.HISTORY_UNDO,all,{signal}),eventTarget.addEventListener(Events.HISTORY_REDO,all,{signal})}ohif;cine;segments;stop=new AbortController;planeOf=new Map;labelImages=[];segmentationId;represented=new Set;looks="outline";timer=0;jumping=null;prefetches=null;close(){this.pause(),this.release(),this.stop.abort(),this.labelImages.length&&this.services.segmentationService.remove(this.segmentationId)}position(){let viewport=this.viewport();if(!viewport)return null;let plane=this.plane(viewport.getImageIds()[viewport.getCurrentImageIdIndex()]);return plane===void 0?null:{frame:Math.floor(plane/this.cine.slices),slice:plane%this.cine.slices}}async jump(to){let at=this.position(),viewport=this.viewport();if(!at||!viewport)return;let frame=to.frame??at.frame,slice=to.slice??at.slice;if(frame===at.frame&&slice===at.slice)return;let plane=frame*this.cine.slices+slice,index2=viewport.getImageIds().findIndex(imageId=>this.plane(imageId)===plane);this.jumping=viewport.setImageIdIndex(index2),await this.jumping,this.jumping=null}get playing(){return this.timer!==0}play(){let times=this.cine.times_ms,step=times&&times.length>1?(times[times.length-1]-times[0])/(times.length-1):40;this.timer=window.setInterval(()=>{let at=this.position();at?this.jumping||this.jump({frame:(at.frame+1)%this.cine.frames}):this.pause()},Math.min(200,Math.max(20,step)))}pause(){window.clearInterval(this.timer),this.timer=0,this.dispatchEvent(new Event("moved"))}hold(){if(this.prefetches!==null)return;let{imageLoadPoolManager}=window.cornerstone;this.prefetches=imageLoadPoolManager.getMaxSimultaneousRequests("prefetch"),imageLoadPoolManager.setMaxSimultaneousRequests("prefetch",0)}release(){this.prefetches!==null&&(window.cornerstone.imageLoadPoolManager.setMaxSimultaneousRequests("prefetch",this.prefetches),this.prefetches=null)}async load(){this.release();let{imageLoader}=window.cornerstone;await new Promise(done=>requestAnimationFrame(()=>requestAnimationFrame(done)));let imageIds=this.viewport()?.getImageIds()??[];await Promise.all(imageIds.map(imageId=>imageLoader.loadAndCacheImage(imageId)))}async show(contours){if(this.labelImages.length)return this.write(contours,range(this.labelImages.length)),!0;let viewport=this.viewport();if(!viewport)return!1;let imageIds=[...viewport.getImageIds()],{imageLoader}=window.cornerstone,images=imageLoader.createAndCacheDerivedLabelmapImages(imageIds);imageIds.forEach((imageId,i5)=>{let plane=this.plane(imageId);plane!==void 0&&(this.labelImages[plane]=images[i5].imageId,images[i5].voxelManager.getScalarData().set(contours.shown(plane)))});let named2=this.segments.map(({value,name,meaning:meaning2},i5)=>[value,{label:`${name} (${meaning2})`,segmentIndex:value,active:i5===0,locked:!1}]);return this.services.segmentationService.addOrUpdateSegmentation({segmentationId:this.segmentationId,representation:{type:"Labelmap",data:{imageIds:images.map(image=>image.imageId),referencedImageIds:imageIds}},config:{label:"Heart",segments:Object.fromEntries(named2)}}),await this.represent(viewport.id),this.look(this.looks),!0}write(contours,planes){for(let plane of planes)this.labels(plane)?.set(contours.shown(plane));let{triggerSegmentationEvents}=window.cornerstoneTools.segmentation;triggerSegmentationEvents.triggerSegmentationDataModified(this.segmentationId)}labels(plane){return window.cornerstone.cache.getImage(this.labelImages[plane])?.voxelManager.getScalarData()}look(look){this.looks=look,this.services.segmentationService.setStyle({type:"Labelmap"},LOOKS[look])}use(tool,segment,radiusMm){let viewport=this.viewport();if(!viewport)return;let{segmentationService}=this.services;this.labelImages.length&&tool!=="look"&&(segmentationService.setActiveSegmentation(viewport.id,this.segmentationId),segmentationService.setActiveSegment(this.segmentationId,segment),window.cornerstoneTools.utilities.segmentation.setBrushSizeForToolGroup(TOOL_GROUP,radiusMm));let{commandsManager}=this.ohif;commandsManager.runCommand("setToolActive",{toolName:OHIF_TOOLS[tool],toolGroupId:TOOL_GROUP})}undo(){this.ohif.commandsManager.runCommand("undo")}redo(){this.ohif.commandsManager.runCommand("redo")}bring(){bring(this.ohif,this.cine.image)}get services(){return this.ohif.servicesManager.services}viewport(){let active=this.services.viewportGridService.getActiveViewportId(),showing=window.cornerstone.getEnabledElements().map(({viewport})=>viewport).filter(viewport=>viewport.type==="stack"&&this.plane(viewport.getImageIds()[0])!==void 0);return showing.find(({id})=>id===active)??showing[0]}plane(imageId){let[,instance,frame]=imageId?.match(/\/instances\/([^/]+)\/frames\/(\d+)/)??[];return this.planeOf.get(`${instance}/${frame}`)}async represent(viewportId){if(this.represented.has(viewportId))return;this.represented.add(viewportId);let{segmentationService}=this.services;await segmentationService.addSegmentationRepresentation(viewportId,{segmentationId:this.segmentationId,type:"Labelmap"});for(let{value,colour}of this.segments)segmentationService.setSegmentColor(viewportId,this.segmentationId,value,[...colour,255])}moved(){this.dispatchEvent(new Event("moved"))}drawn(planes){this.dispatchEvent(new CustomEvent("drawn",{detail:planes}))}wheel(event){let at=this.position();if(!at||event.ctrlKey)return;event.preventDefault(),event.stopImmediatePropagation();let slice=Math.min(this.cine.slices-1,Math.max(0,at.slice+Math.sign(event.deltaY)));slice!==at.slice&&this.jump({slice})}};var Work=class _Work{constructor(cine,contours,began,marked=new Set,byHand={ed:null,es:null}){this.cine=cine;this.contours=contours;this.began=began;this.marked=marked;this.byHand=byHand}cine;contours;began;marked;byHand;static onDraft(cine,voxels,draft){let contours=new Contours(voxels,cine);contours.leaveOut(planesOf(draft.left_out??{},cine),!0);let label=cine.labels.find(({id})=>id===draft.label)??null,began={fromVersion:draft.from_version??null,label,edited:draft.edited??!1},byHand={ed:index(draft.ed_frame),es:index(draft.es_frame)};return new _Work(cine,contours,began,planesOf(draft.reviewed??{},cine),byHand)}static onLabel(cine,voxels,label){let marked=label.assumed_reviewed?new Set:planesOf(label.reviewed,cine),began={fromVersion:label.from_version,label,edited:!0};return new _Work(cine,new Contours(voxels,cine),began,marked)}submittedAs(label){let began={...this.began,label,edited:this.edited};return new _Work(this.cine,new Contours(this.contours.allShown(),this.cine),began,this.reviewed(),this.byHand)}get edited(){return this.began.edited||this.contours.edited.size>0}counted(){return counted(this.contours,this.cine.voxel_ml??1,this.byHand)}reviewed(){return new Set([...this.marked,...this.contours.edited])}planesFor(mark,at){return planesFor(mark,at,this.contours,this.counted())}mark(planes,reviewed){for(let plane of planes)reviewed?this.marked.add(plane):this.marked.delete(plane)}said(){return this.saidOf(this.contours.allShown())}async draft(author){let rest={label:this.began.label?.id??null,reviewed:placesOf(this.reviewed(),this.cine),author};return{...await this.saidOf(this.contours.voxels),...rest}}async submission(author){let reviewed=placesOf(this.reviewed(),this.cine);return{planes:await pack(this.contours.allShown()),author,from_version:this.began.fromVersion,reviewed}}async saidOf(voxels){let rest={from_version:this.began.fromVersion,ed_frame:number(this.byHand.ed),es_frame:number(this.byHand.es),left_out:placesOf(this.contours.leftOut,this.cine),edited:this.edited};return{planes:await pack(voxels),...rest}}},index=frame=>frame?frame-1:null,number=frameIndex=>frameIndex===null?null:frameIndex+1;var Heart=class extends Errands{constructor(ohif){super();this.ohif=ohif}ohif;cases=[];segments=[];others=[];cine=null;view=null;work=null;following=new Following({changed:()=>this.changed(),tell:error=>this.tell(error)},()=>this.author);displayed=null;entered=null;arrived=null;async find(studies){let turn=++this.turn;this.cases=[],this.doing="Looking for a short-axis cine";try{await this.following.idle();let found=await Promise.all(studies.map(study=>server.cases(study)));if(turn!==this.turn)return;this.cases=found.flatMap(({cases})=>cases),this.others=found.flatMap(({others})=>others),this.segments=found[0].segments,this.cases.length||(this.problem="This study has no short-axis cine that can be analysed.")}catch(error){this.tell(error)}this.doing=null,this.changed()}async begin(cine){this.put();let turn=++this.turn;this.cine=cine,this.view=new CineView(this.ohif,cine,this.segments),this.view.hold(),this.view.addEventListener("moved",()=>this.moved()),this.view.addEventListener("drawn",event=>this.drawn(event.detail)),await this.waitedFor(async()=>{let draft=cine.draft?await server.draft(cine.image):null;turn===this.turn&&(draft?await this.resume(draft):cine.labels.length?await this.reopen(cine.labels[0]):await this.analyse())}),turn===this.turn&&!(this.work&&this.view.position())&&this.view.release()}put(){this.following.end(),this.view?.close(),this.cine=this.view=this.work=null,this.drop()}async analyse(){await this.waitedFor(async()=>{let{cine,turn}=this.here();this.does("Analysing the cine");let answer=await server.analyse(cine.image),voxels=await unpack(answer.planes);if(turn!==this.turn)return;let began={fromVersion:answer.measurements.model_version,label:null,edited:!1};await this.take(new Work(cine,new Contours(voxels,cine),began),answer.measurements),cine.state==="new"&&(cine.state="analysed")})}async reopen(label){await this.waitedFor(async()=>{let{cine,turn}=this.here();this.does(`Opening the label of ${label.author}`);let opened=await server.label(cine.image,label.id),voxels=await unpack(opened.planes);turn===this.turn&&await this.take(Work.onLabel(cine,voxels,opened.label),opened.measurements)})}setPhase(phase,frame){let{work}=this;work&&(work.byHand={...work.byHand,[phase]:frame},this.touched())}leaveOut(at,everyFrame,out){let{work,view}=this;if(!work||!view)return;let{contours}=work,planes=(everyFrame?range(contours.frames):[at.frame]).map(frame=>frame*contours.slices+at.slice);contours.leaveOut(planes,out),view.write(contours,planes),this.touched()}mark(planes,reviewed){this.work?.mark(planes,reviewed),this.touched(!1)}async submit(){await this.waitedFor(async()=>{let{cine,turn}=this.here(),{work}=this;if(!work)return;this.does("Submitting"),await this.following.pause();let label=await server.submit(cine.image,await work.submission(this.author));turn===this.turn&&(this.work=work.submittedAs(label),this.following.submitted(this.work),cine.labels=[label,...cine.labels],cine.state="submitted",this.notice="The label is submitted.")})}async export(){await this.waitedFor(async()=>{let{cine}=this.here();this.work&&(this.does("Writing SEG and SR"),this.notice=(await server.export(cine.image,await this.work.said())).sentence)})}async display(){let{work,view,turn}=this;if(!work||!view||this.displayed===work.contours)return;this.displayed=work.contours;let first=await view.show(work.contours);if(turn===this.turn){if(!first)this.displayed=null;else if(this.arrived!==view){let lacking=error=>{console.error(error),turn===this.turn&&(this.problem="Some images of the cine cannot be loaded.",this.changed())};this.arrived=view,await view.jump({frame:work.counted()?.ed??0,slice:this.middle()}).catch(lacking),view.load().catch(lacking)}this.changed()}}drawn(planes){let{work,view}=this;if(!work||!view)return;let{contours}=work,changed=planes.filter(plane=>{let labels=view.labels(plane);return labels!==void 0&&contours.draw(plane,labels)});if(!changed.length)return;let at=view.position();at&&changed.length===1&&changed[0]!==at.frame*contours.slices+at.slice&&view.jump({frame:Math.floor(changed[0]/contours.slices),slice:changed[0]%contours.slices}),this.touched()}async resume(draft){let{cine,turn}=this.here(),voxels=await unpack(draft.planes);turn===this.turn&&(this.show(Work.onDraft(cine,voxels,draft)),this.notice="Your unsubmitted work is back.",await this.following.resume(this.work,draft))}async take(work,measurements){let{turn}=this;await this.following.forget(work.cine),turn===this.turn&&(this.following.begin(work,measurements),this.show(work))}show(work){this.work=work,this.display()}touched(figures=!0){this.notice=null,this.following.touched(figures),this.changed()}middle(){return Math.floor((this.here().cine.slices-1)/2)}here(){if(!this.cine)throw new Error("no cine");return{cine:this.cine,turn:this.turn}}moved(){let{view}=this;this.work?this.display():view&&this.entered!==view&&view.position()&&(this.entered=view,view.jump({slice:this.middle()})),this.dispatchEvent(new Event("moved"))}};var TOOLS=[["look","Look"],["brush","Brush"],["eraser","Eraser"]],LOOKS2=[["outline","Contours"],["fill","Filled"],["none","Hidden"]];function correcting(panel2,{contours}){let{heart:heart3}=panel2,{view}=heart3,at=view?.position()??null,plane=at?at.frame*contours.slices+at.slice:null,out=plane!==null&&contours.leftOut.has(plane);return b2`<section>
    <h2>Contours</h2>
    <div class="row">
      ${LOOKS2.map(([look,name])=>b2`<button data-test="look-${look}" aria-pressed=${panel2.look===look} @click=${()=>panel2.set({look})}>${name}</button>`)}
    </div>
    <div class="row">
      ${TOOLS.map(([tool,name])=>b2`<button data-test="tool-${tool}" ?disabled=${!at} aria-pressed=${panel2.tool===tool} @click=${()=>panel2.set({tool})}>
            ${name}
          </button>`)}
      <button data-test="undo" ?disabled=${!at} title="Ctrl+Z" @click=${()=>view?.undo()}>Undo</button>
      <button data-test="redo" ?disabled=${!at} @click=${()=>view?.redo()}>Redo</button>
    </div>
    ${panel2.tool==="look"?"":b2`<div class="row">
            ${heart3.segments.map(({value,name,meaning:meaning2})=>b2`<button data-test="segment-${name}" title=${meaning2} aria-pressed=${panel2.segment===value}
                  @click=${()=>panel2.set({segment:value})}>
                  <span class="swatch" style="--tint:${panel2.tint(value)}"></span>${name}
                </button>`)}
          </div>
          <div class="row">
            <span class="dim">Size</span>
            <input type="range" aria-label="Size of the brush" data-test="radius" min="1" max="25" step="0.5" .value=${String(panel2.radius)}
              @input=${event=>panel2.set({radius:Number(event.target.value)})} />
            <span class="dim">${panel2.radius} mm</span>
          </div>`}
    <div class="row spread">
      <label class="row dim">
        <input type="checkbox" data-test="every-frame" .checked=${panel2.everyFrame}
          @change=${event=>panel2.set({everyFrame:event.target.checked})} />
        in every frame
      </label>
      <button data-test="leave-out" ?disabled=${!at} @click=${()=>at&&heart3.leaveOut(at,panel2.everyFrame,!out)}>
        ${out?"Take":"Leave"} slice ${at?at.slice+1:""} ${out?"in again":"out"}
      </button>
    </div>
  </section>`}var WIDTH=340,HEIGHT=150,LEFT=34,RIGHT=8,TOP=12,BOTTOM=26;function drawCurves({curves,unit,times,ed,es,at,jump}){let frames=curves[0].values.length,step=niceStep(Math.max(1,...curves.flatMap(({values})=>values))),top=step*Math.ceil(Math.max(...curves.flatMap(({values})=>values))/step)||step,x2=frame=>LEFT+(WIDTH-LEFT-RIGHT)*frame/Math.max(1,frames-1),y3=value=>TOP+(HEIGHT-TOP-BOTTOM)*(1-value/top),ticks=Array.from({length:Math.round(top/step)+1},(_2,i5)=>i5*step),click=event=>{let box=event.currentTarget.getBoundingClientRect(),across=((event.clientX-box.left)/box.width*WIDTH-LEFT)/(WIDTH-LEFT-RIGHT);jump(Math.min(frames-1,Math.max(0,Math.round(across*(frames-1)))))},time=frame=>times?`${Math.round(times[frame]-times[0])}`:`${frame+1}`,marks=times?[0,Math.floor((frames-1)/2),frames-1]:[0,frames-1];return w`
    <svg class="curves" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Volume over the cardiac cycle" @click=${click}>
      ${ticks.map(tick=>w`
          <line class="grid" x1=${LEFT} x2=${WIDTH-RIGHT} y1=${y3(tick)} y2=${y3(tick)} />
          <text x=${LEFT-5} y=${y3(tick)+3} text-anchor="end">${tick}</text>`)}
      ${[["ED",ed],["ES",es]].map(([name,frame])=>w`
          <line class="phase" x1=${x2(frame)} x2=${x2(frame)} y1=${TOP} y2=${HEIGHT-BOTTOM} />
          <text class="phase" x=${x2(frame)} y=${TOP-3} text-anchor=${frame?"middle":"start"}>${name}</text>`)}
      ${curves.map(({name,colour,values})=>w`
          <polyline data-curve=${name} fill="none" stroke=${colour} stroke-width="2" stroke-linejoin="round"
            points=${values.map((value,frame)=>`${x2(frame).toFixed(1)},${y3(value).toFixed(1)}`).join(" ")} />`)}
      ${at===null?"":w`<line class="now" data-frame=${at+1} x1=${x2(at)} x2=${x2(at)} y1=${TOP} y2=${HEIGHT-BOTTOM} />`}
      ${at===null?"":curves.map(({colour,values})=>w`<circle cx=${x2(at)} cy=${y3(values[at])} r="3.5" fill=${colour} />`)}
      ${marks.map((frame,i5)=>w`<text x=${x2(frame)} y=${HEIGHT-BOTTOM+12} text-anchor=${["start","middle","end"][i5===marks.length-1?2:i5]}>${time(frame)}</text>`)}
      <text x=${LEFT-5} y=${HEIGHT-BOTTOM+12} text-anchor="end">${unit}</text>
      <text x=${WIDTH-RIGHT} y=${HEIGHT-3} text-anchor="end">${times?"ms after the R wave":"frame"}</text>
    </svg>`}function niceStep(top){let power=10**Math.floor(Math.log10(top/3));return power*([1,2,5,10].find(n4=>top/(n4*power)<=5)??10)}var volume=ml=>ml==null?"–":ml.toFixed(1),percent=ef=>ef==null?"–":ef.toFixed(2),GROUPS={NOR:"Normal",DCM:"Dilated cardiomyopathy",HCM:"Hypertrophic cardiomyopathy",MINF:"Myocardial infarction",RV:"Abnormal right ventricle"},NOT_A_DEVICE="For research, not a medical device.";function current(said,counted2,behind,ml){if(said&&!behind)return said;let at=(curve,frame)=>ml&&curve&&frame!==void 0?curve[frame]:null,[lvEdv,lvEsv]=[at(counted2?.lv,counted2?.ed),at(counted2?.lv,counted2?.es)],[rvEdv,rvEsv]=[at(counted2?.rv,counted2?.ed),at(counted2?.rv,counted2?.es)],stroke=(edv,esv)=>edv===null||esv===null?null:edv-esv;return{lv_edv_ml:lvEdv,lv_esv_ml:lvEsv,lv_sv_ml:stroke(lvEdv,lvEsv),lv_ef:counted2?.lvEf??null,rv_edv_ml:rvEdv,rv_esv_ml:rvEsv,rv_sv_ml:stroke(rvEdv,rvEsv),rv_ef:counted2?.rvEf??null,lv_mass_g:null}}function rows(said){return[["LV EDV",said.lv_edv_ml,"mL"],["LV ESV",said.lv_esv_ml,"mL"],["LV SV",said.lv_sv_ml,"mL"],["LV EF",said.lv_ef,"%"],["LV mass",said.lv_mass_g,"g"],["RV EDV",said.rv_edv_ml,"mL"],["RV ESV",said.rv_esv_ml,"mL"],["RV SV",said.rv_sv_ml,"mL"],["RV EF",said.rv_ef,"%"],["ED frame",said.ed_frame,""],["ES frame",said.es_frame,""]]}var written=value=>value===null?"":typeof value=="number"&&!Number.isInteger(value)?value.toFixed(2):String(value);function asText(said){let lines=rows(said).map(([name,value,unit])=>`${name}: ${written(value)||"unknown"} ${unit}`.trimEnd());return said.diagnosis&&lines.push(`Suggested group: ${GROUPS[said.diagnosis.label]}`),lines.push(`Model: ${said.model??"none"} ${said.model_version??""}`.trimEnd()),[...lines,...said.warnings.map(({text})=>`Note: ${text}`),NOT_A_DEVICE].join(`
`)}function asCsv(said){let table=[["image",said.image,""],...rows(said),["group",said.diagnosis?.label??null,""],["model",said.model,""],["model version",said.model_version,""],...said.warnings.map(({text})=>["note",text,""]),["note",NOT_A_DEVICE,""]],cell=text=>/[",\n]/.test(text)?`"${text.replaceAll('"','""')}"`:text;return["quantity,value,unit",...table.map(line=>line.map(one=>cell(typeof one=="string"?one:written(one))).join(","))].join(`\r
`)+`\r
`}var WIDTH2=340,LEFT2=16,TOP2=11;function drawMap(contours,marked,at,phases,jump){let{frames,slices}=contours,wide=(WIDTH2-LEFT2)/frames,high=Math.min(14,Math.max(7,wide)),state=(plane,here)=>[contours.leftOut.has(plane)?"out":contours.edited.has(plane)?"edited":marked.has(plane)?"marked":"",here?"here":""].join(" "),cell=(frame,slice)=>w`
    <rect class=${state(frame*slices+slice,at?.frame===frame&&at.slice===slice)}
      data-place="${frame+1}/${slice+1}" x=${LEFT2+frame*wide+.75} y=${TOP2+slice*high+.75}
      width=${wide-1.5} height=${high-1.5} rx="2" @click=${()=>jump({frame,slice})}>
      <title>frame ${frame+1}, slice ${slice+1}</title>
    </rect>`;return w`
    <svg class="map" viewBox="0 0 ${WIDTH2} ${TOP2+slices*high+1}" role="img" aria-label="Reviewed frames and slices">
      ${phases?[["ED",phases.ed],["ES",phases.es]].map(([name,frame])=>w`<text x=${LEFT2+(frame+.5)*wide} y="8" text-anchor="middle">${name}</text>`):""}
      ${range(slices).map(slice=>w`<text x="0" y=${TOP2+slice*high+high/2+3}>${slice+1}</text>
          ${range(frames).map(frame=>cell(frame,slice))}`)}
    </svg>`}var MARKS=[["slice","This slice"],["frame","This frame"],["phases","ED and ES"],["all","All …"]],SAVING={nothing:"",waiting:"Keeping your work …",kept:"Your work is kept.",failed:"Your work is not kept yet."};function reviewing(panel2,work){let{heart:heart3}=panel2,{view}=heart3,{cine,contours}=work,{saving}=heart3.following;if(!view)return b2``;let at=view.position(),reviewed=work.reviewed(),total=contours.frames*contours.slices,mark=kind=>{if(!at)return;let planes=work.planesFor(kind,at),undo=planes.every(plane=>reviewed.has(plane));if(kind!=="all"||undo)return heart3.mark(planes,!undo);panel2.ask({text:`Have you looked at all ${contours.frames} frames in all ${contours.slices} slices? What is marked counts as truth when models learn.`,yes:"Yes, mark all",then:()=>heart3.mark(planes,!0)})},all=kind=>{let planes=at?work.planesFor(kind,at):[];return planes.length>0&&planes.every(plane=>reviewed.has(plane))},submit=()=>{if(reviewed.size)return void heart3.submit();panel2.ask({text:"Nothing is marked as reviewed. The label will be kept, but no model will learn from it.",yes:"Submit anyway",then:()=>{heart3.submit()}})};return b2`<section>
      <h2>Reviewed</h2>
      <div class="row spread">
        <span data-test="reviewed" data-value=${reviewed.size}>${reviewed.size} of ${total} images</span>
        <span class="dim" data-test="saving" data-value=${saving}>${SAVING[saving]}</span>
      </div>
      <div style="margin:6px 0">
        ${drawMap(contours,work.marked,at,work.counted(),to=>{view.jump(to)})}
        <div class="legend">
          <span><i class="swatch" style="--tint:#2f7f5d"></i>marked</span>
          <span><i class="swatch" style="--tint:#6fd6a0"></i>changed</span>
          <span><i class="swatch" style="--tint:#0a0f1a;border:1px solid #3b4a68"></i>left out</span>
        </div>
      </div>
      <div class="row">
        ${MARKS.map(([kind,name])=>b2`<button data-test="mark-${kind}" ?disabled=${!at} aria-pressed=${all(kind)} @click=${()=>mark(kind)}>${name}</button>`)}
      </div>
    </section>
    <section>
      <h2>Submit</h2>
      <div class="row">
        <input type="text" data-test="author" placeholder="Your name" aria-label="Your name" maxlength="100" .value=${heart3.author}
          @input=${event=>heart3.setAuthor(event.target.value)} />
        <button class="main" data-test="submit" ?disabled=${!heart3.author.trim()||heart3.doing!==null} @click=${submit}>
          Submit label
        </button>
      </div>
      <div class="row">
        <button data-test="export" ?disabled=${heart3.doing!==null} @click=${()=>heart3.export()}>Save SEG and SR to the archive</button>
        <button data-test="again" ?disabled=${heart3.doing!==null} @click=${()=>again(panel2)}>Analyse again</button>
      </div>
    </section>
    ${cine.labels.length?b2`<section>
          <h2>Labels of this case</h2>
          <ul class="labels" data-test="labels">
            ${cine.labels.map(label=>earlier(panel2,label))}
          </ul>
        </section>`:A}`}function earlier(panel2,label){let{heart:heart3}=panel2,open=heart3.work?.began.label?.id===label.id,frames=Object.keys(label.reviewed).length,reopen=()=>leavingWork(panel2,`open the label of ${label.author}`,()=>{heart3.reopen(label)});return b2`<li>
    <span>
      ${label.author||"unknown"}<br /><span class="dim">
        ${new Date(label.submitted).toLocaleString()} ·
        ${label.assumed_reviewed?"review not stated":frames?`reviewed in ${frames} frames`:"not reviewed"}
      </span>
    </span>
    ${open?b2`<span class="dim">open</span>`:b2`<button data-test="reopen" @click=${reopen}>Open</button>`}
  </li>`}function again(panel2){leavingWork(panel2,"analyse again",()=>{panel2.heart.analyse()})}function leavingWork(panel2,what,then){panel2.heart.following.saving==="nothing"?then():panel2.ask({text:`Your unsubmitted work will be given up if you ${what}.`,yes:"Give it up",then})}var HeartPanel=class _HeartPanel extends AskingPanel{static heart;heart=_HeartPanel.heart;tool="look";segment=3;radius=6;look="outline";everyFrame=!0;copied=!1;get errands(){return this.heart}connectedCallback(){super.connectedCallback(),window.addEventListener("beforeunload",this.leaving)}disconnectedCallback(){super.disconnectedCallback(),window.removeEventListener("beforeunload",this.leaving)}set(change){Object.assign(this,change),"look"in change?this.heart.view?.look(this.look):"everyFrame"in change||this.heart.view?.use(this.tool,this.segment,this.radius),this.requestUpdate()}tint(segment){return`rgb(${(this.heart.segments.find(({value})=>value===segment)?.colour??[128,128,128]).join(" ")})`}render(){let{heart:heart3}=this;return b2`
      ${this.heading()} ${this.messages()} ${this.whatNow()}
      ${heart3.work?b2`${this.results(heart3.work)} ${this.cycle(heart3.work)} ${correcting(this,heart3.work)} ${reviewing(this,heart3.work)}`:A}
      ${this.others()}
    `}heading(){let{heart:heart3}=this,{cine}=heart3,state={new:"new",analysed:"analysed",reviewed:"in review",submitted:"submitted"},choose=event=>{let chosen=heart3.cases.find(({image})=>image===event.target.value);chosen&&heart3.begin(chosen).then(()=>heart3.view?.bring())};return b2`<header>
      <div class="row spread">
        <h1>Heart</h1>
        ${cine?b2`<span class="pill ${cine.state}" data-test="state">${state[cine.state]}</span>`:A}
      </div>
      ${RESEARCH}
      ${heart3.cases.length>1?b2`<div class="row" style="margin-top:8px">
            <select aria-label="Cine" @change=${choose}>
              ${heart3.cases.map(one=>b2`<option value=${one.image} ?selected=${one===cine}>${one.description}</option>`)}
            </select>
          </div>`:A}
    </header>`}whatNow(){let{heart:heart3}=this,away=heart3.work&&!heart3.doing&&!heart3.view?.position();return b2`
      ${away?b2`<div class="message row spread">
            The viewer shows another series. <button data-test="bring" @click=${()=>heart3.view?.bring()}>Show the cine</button>
          </div>`:A}
      ${heart3.cine&&!heart3.work&&!heart3.doing?b2`<section><button class="main" data-test="analyse" @click=${()=>heart3.analyse()}>Analyse</button></section>`:A}
    `}results(work){let{measurements:said,behind}=this.heart.following,now=current(said,work.counted(),behind,work.cine.voxel_ml!=null),ef=(name,tint2,value,test)=>b2`
      <div class="ef" style="--tint:${tint2}">
        <span class="dim">${name} ejection fraction</span>
        <b data-test=${test} data-value=${value??""}>${percent(value)} <small>%</small></b>
      </div>`,line=(name,lv,rv,unit)=>b2`<tr>
        <th>${name}</th>
        <td>${lv}</td>
        <td>${rv}</td>
        <td class="dim" style="width:2.6em">${unit}</td>
      </tr>`;return b2`<section>
      <div class="efs">
        ${ef("LV",this.tint(3),now.lv_ef,"lv-ef")} ${ef("RV",this.tint(1),now.rv_ef,"rv-ef")}
      </div>
      ${this.warnings()}
      <table data-test="table" class=${behind?"behind":""}>
        <thead>
          <tr>
            <th></th>
            <th><span class="swatch" style="--tint:${this.tint(3)}"></span>LV</th>
            <th><span class="swatch" style="--tint:${this.tint(1)}"></span>RV</th>
            <th></th>
          </tr>
        </thead>
        <tbody>
          ${line("End-diastolic volume",volume(now.lv_edv_ml),volume(now.rv_edv_ml),"mL")}
          ${line("End-systolic volume",volume(now.lv_esv_ml),volume(now.rv_esv_ml),"mL")}
          ${line("Stroke volume",volume(now.lv_sv_ml),volume(now.rv_sv_ml),"mL")}
          ${line("Ejection fraction",percent(now.lv_ef),percent(now.rv_ef),"%")}
          ${line("Mass",behind?"…":volume(now.lv_mass_g),"","g")}
        </tbody>
      </table>
      ${this.group()}
      <div class="row spread" style="margin-top:8px">
        <span class="dim" data-test="version">
          ${said?.model_version?b2`${said.model??"model"} ${said.model_version}`:"model unknown"}
        </span>
        <span class="row">
          <button data-test="copy" ?disabled=${!said||behind} @click=${this.copy}>${this.copied?"Copied":"Copy"}</button>
          <button data-test="csv" ?disabled=${!said||behind} @click=${this.download}>CSV</button>
        </span>
      </div>
    </section>`}cycle(work){let{heart:heart3}=this,{view}=heart3,{cine}=work;if(!view)return A;let counted2=work.counted(),at=view.position(),set=(phase,name)=>{let frame=counted2?.[phase],hand=work.byHand[phase]!==null;return b2`<span class="pair">
        <button class="link" data-test="go-${phase}" ?disabled=${frame===void 0} @click=${()=>view.jump({frame})}>
          ${name}: frame ${frame===void 0?"–":frame+1}
        </button>
        ${hand?b2`<button data-test="auto-${phase}" @click=${()=>heart3.setPhase(phase,null)}>by hand ✕</button>`:b2`<button data-test="set-${phase}" ?disabled=${!at} @click=${()=>at&&heart3.setPhase(phase,at.frame)}>Set here</button>`}
      </span>`};return b2`<section>
      <h2>Cardiac cycle</h2>
      ${counted2?drawCurves({curves:[{name:"LV",colour:this.tint(3),values:counted2.lv},{name:"RV",colour:this.tint(1),values:counted2.rv}],unit:cine.voxel_ml===null?"voxels":"mL",times:cine.times_ms,ed:counted2.ed,es:counted2.es,at:at?.frame??null,jump:frame=>{view.jump({frame})}}):A}
      <div class="row" style="margin-top:6px">
        <button data-test="play" ?disabled=${!at} aria-pressed=${view.playing} @click=${()=>view.playing?view.pause():view.play()}>
          ${view.playing?"Pause":"Play"}
        </button>
        <input type="range" aria-label="Frame" data-test="frame" min="1" max=${cine.frames} ?disabled=${!at}
          .value=${String((at?.frame??0)+1)}
          @input=${event=>view.jump({frame:Number(event.target.value)-1})} />
        <span class="dim" data-test="position">
          ${at?b2`frame ${at.frame+1}/${cine.frames} · slice ${at.slice+1}/${cine.slices}`:"–"}
        </span>
      </div>
      <div class="row spread">${set("ed","ED")} ${set("es","ES")}</div>
    </section>`}group(){let{measurements,behind}=this.heart.following,diagnosis=measurements?.diagnosis;if(!diagnosis)return A;let named2=name=>GROUPS[name]??name,ordered=Object.entries(diagnosis.probabilities).sort(([,a3],[,b3])=>b3-a3);return b2`<details data-test="diagnosis" data-value=${diagnosis.label} class=${behind?"behind":""}>
      <summary><span class="dim">Suggested group</span> ${named2(diagnosis.label)}</summary>
      ${ordered.map(([name,part])=>b2`<div class="bar">
            <span>${named2(name)}</span><i style="--part:${100*part}%"></i><span>${Math.round(100*part)} %</span>
          </div>`)}
    </details>`}warnings(){let warnings=this.heart.following.measurements?.warnings??[];return warnings.length?b2`<ul class="warnings" data-test="warnings">
      ${warnings.map(({code,text})=>b2`<li data-code=${code}>${text}</li>`)}
    </ul>`:A}others(){let{cases,others}=this.heart;return cases.length||!others.length?A:b2`<section>
      <h2>What is in this study</h2>
      <ul data-test="others">
        ${others.map(one=>b2`<li style="padding:4px 0">${one.description||"Series"}<br /><span class="dim">${one.sentence}</span></li>`)}
      </ul>
    </section>`}copy=async()=>{let{measurements}=this.heart.following;measurements&&(await toClipboard(asText(measurements)),this.copied=!0,this.requestUpdate(),window.setTimeout(()=>{this.copied=!1,this.requestUpdate()},2e3))};download=()=>{let{measurements}=this.heart.following;if(!measurements)return;let link=document.createElement("a");link.href=URL.createObjectURL(new Blob([asCsv(measurements)],{type:"text/csv"})),link.download=`${measurements.image}.csv`,link.click(),URL.revokeObjectURL(link.href)};leaving=event=>{let{saving}=this.heart.following;(saving==="waiting"||saving==="failed")&&event.preventDefault()}};async function toClipboard(text){if(navigator.clipboard)return navigator.clipboard.writeText(text);let area=document.createElement("textarea");area.value=text,document.body.append(area),area.select(),document.execCommand("copy"),area.remove()}var heart,chest,element=type=>({$$typeof:Symbol.for("react.element"),type,key:null,ref:null,props:{},_owner:null,_store:{}}),panel=(name,label)=>({name,iconName:"tab-linear",iconLabel:label,label,component:()=>element(`radloop-${name}`)}),extension={id:"radloop",preRegistration(ohif){heart=HeartPanel.heart=new Heart(ohif),chest=ChestPanel.chest=new Chest(ohif),customElements.get("radloop-heart")||customElements.define("radloop-heart",HeartPanel),customElements.get("radloop-chest")||customElements.define("radloop-chest",ChestPanel)},getSopClassHandlerModule:ohif=>[cineHandler(ohif,()=>heart.cases),filmHandler(ohif,()=>chest.films)],getHangingProtocolModule:()=>[{name:"radloop",protocol:oneStack("radloop",HANDLER)},{name:"radloop-chest",protocol:oneStack("radloop-chest",HANDLER2)}],getPanelModule:()=>[panel("heart","Heart"),panel("chest","Chest X-ray")]};async function enterHeart(studies){await heart.find(studies),heart.cases.length&&heart.begin(heart.cases[0])}async function enterChest(studies){await chest.find(studies),chest.films.length&&chest.begin(chest.films[0])}var leaveHeart=()=>heart.put(),leaveChest=()=>chest.put();var DEFAULT="@ohif/extension-default",CORE="@ohif/extension-cornerstone",SEG="@ohif/extension-cornerstone-dicom-seg",SR="@ohif/extension-cornerstone-dicom-sr",SR_HANDLERS=[`${SR}.sopClassHandlerModule.dicom-sr-3d`,`${SR}.sopClassHandlerModule.dicom-sr`],toolbar={primary:["WindowLevel","Pan","Zoom","Capture","MoreTools"],MoreTools:["Reset","rotate-right","flipHorizontal","invert","Magnify","TagBrowser"],"viewportActionMenu.topRight":["modalityLoadBadge"],"viewportActionMenu.bottomLeft":["windowLevelMenu"]},modeOf=({name,displayName,path,handler,modalities:needed,enter,leave})=>({id:`radloop.${name}`,async modeFactory({loadModules}){let loaded=await loadModules(["@ohif/mode-segmentation","@ohif/mode-basic"]),[segmentation,basic]=await Promise.all(loaded.map(one=>one.modeFactory({modeConfiguration:{},loadModules})));return{...segmentation,id:`radloop.${name}`,routeName:path,displayName,hide:!1,isValidMode:({modalities})=>({valid:modalities.split("\\").some(one=>needed.includes(one)),description:`${displayName} needs ${needed.slice(0,2).join(" or ")}`}),onModeEnter:basic.onModeEnter,onModeExit(context){leave(),segmentation.onModeExit.call(this,context)},toolbarSections:[toolbar],sopClassHandlers:[handler,...segmentation.sopClassHandlers,...SR_HANDLERS],hangingProtocol:path,routes:[{path,init:({studyInstanceUIDs})=>enter(studyInstanceUIDs),layoutTemplate:()=>({id:`${DEFAULT}.layoutTemplateModule.viewerLayout`,props:{leftPanels:[`${DEFAULT}.panelModule.seriesList`],rightPanels:[`radloop.panelModule.${name}`],leftPanelClosed:!0,rightPanelClosed:!1,leftPanelResizable:!0,rightPanelResizable:!0,rightPanelInitialExpandedWidth:380,rightPanelMinimumExpandedWidth:340,viewports:[{namespace:`${CORE}.viewportModule.cornerstone`,displaySetsToDisplay:[handler,`${DEFAULT}.sopClassHandlerModule.stack`]},{namespace:`${SEG}.viewportModule.dicom-seg`,displaySetsToDisplay:[`${SEG}.sopClassHandlerModule.dicom-seg`]},{namespace:`${SR}.viewportModule.dicom-sr`,displaySetsToDisplay:SR_HANDLERS}]}})}]}}}),heart2=modeOf({name:"heart",displayName:"Heart",path:"radloop",handler:HANDLER,modalities:["MR"],enter:enterHeart,leave:leaveHeart}),chest2=modeOf({name:"chest",displayName:"Chest X-ray",path:"radloop-chest",handler:HANDLER2,modalities:["CR","DX","RG","SC","OT"],enter:enterChest,leave:leaveChest});export{chest2 as chest,extension,heart2 as heart};
